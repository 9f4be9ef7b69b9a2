"""Sections of Contributors."""
