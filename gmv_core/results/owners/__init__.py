"""One owner, or any other group of training images: what it gets, and what would change it."""
