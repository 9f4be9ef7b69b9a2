"""Sections of Noisy data."""
