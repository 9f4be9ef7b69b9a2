"""What a person decides and what can be checked again: owners, review, evidence."""
