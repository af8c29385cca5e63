"""What the API does, as commands: a table for each section of the help, and what makes commands of it."""
