"""Loaders of perceptual distances, one network a file."""
