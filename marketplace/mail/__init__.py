"""Mail that the market sends: one small port, a mail server behind it, or a folder."""
