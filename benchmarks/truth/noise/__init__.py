"""C3 on planted noise."""
