"""Two results beside each other: inputs, shares, values, contributors, quality and standings."""
