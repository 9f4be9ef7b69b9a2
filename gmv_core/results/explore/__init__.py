"""Where images lie on the map of a set, what a selection of them is worth, and its files."""
