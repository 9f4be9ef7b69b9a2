"""Loaders of embedders, one library a file."""
