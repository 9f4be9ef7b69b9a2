"""Carry a valuation out, resumably."""
