"""Predicted influence of a finished run: its tables, what needs its model again, the evidence."""
