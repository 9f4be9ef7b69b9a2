"""What a person decides about a run, and what can be checked again: reviews and evidence."""
