"""Where images come from: what a source is, opening one, its labels, a first look."""
