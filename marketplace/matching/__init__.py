"""How many of the right people a bid reaches, what they cost, and how the bids of a brief compare."""
