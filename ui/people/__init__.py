"""Sections of Owners and Review: what a data owner takes home, what an auditor decides."""
