"""The generators that are trained to have a truth."""
