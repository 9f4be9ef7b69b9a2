"""Read a finished run: contributors, values, shares, changes, selections."""
