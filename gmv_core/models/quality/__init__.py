"""Loaders of quality metrics, and what each measures."""
