"""The process of a worker itself: its start, its stop, and what its children may do at once."""
