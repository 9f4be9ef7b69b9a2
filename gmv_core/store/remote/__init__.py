"""A workspace on an object store: its files by path, and the lease of its writer."""
