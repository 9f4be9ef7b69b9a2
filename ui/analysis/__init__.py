"""Sections of Values, Quality, Noisy data and Criteria."""
