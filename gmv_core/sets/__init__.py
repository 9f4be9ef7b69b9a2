"""Make, finish, index and describe one image set."""
