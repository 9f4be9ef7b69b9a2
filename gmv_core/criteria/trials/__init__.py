"""Runs made to judge a run: other distances, corrupted copies; and what they found."""
