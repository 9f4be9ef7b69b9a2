"""Readings of a finished run or set beside its values."""
