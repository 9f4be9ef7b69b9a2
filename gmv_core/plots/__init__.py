"""Plotly figures, one subject a file, one look for all."""
