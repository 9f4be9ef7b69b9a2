"""Tables as people write them, and which row of one speaks of an image."""
