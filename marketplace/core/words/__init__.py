"""Names that people read in place of codes; programs read the codes."""
