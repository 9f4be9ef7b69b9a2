"""What each choice of the method does."""
