"""How answers of the API look in the terminal."""
