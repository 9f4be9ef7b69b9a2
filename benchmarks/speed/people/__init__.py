"""What people wait for: pages, and the first answer of the command line."""
