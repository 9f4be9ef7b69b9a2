"""The demo set: drawn, and valued against images that a small generator made of it."""
