"""Whose market it is: accounts, and sign-ins that are kept on this machine."""
