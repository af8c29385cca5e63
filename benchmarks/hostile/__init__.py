"""Files that mean harm, or were harmed, given to the decoder; see ``__main__``."""
