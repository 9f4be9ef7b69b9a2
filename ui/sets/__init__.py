"""Sections of Start and Training set."""
