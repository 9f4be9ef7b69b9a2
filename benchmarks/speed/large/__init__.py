"""Very large sets, and several machines."""
