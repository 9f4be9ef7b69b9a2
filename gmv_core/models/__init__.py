"""Which models there are, which one a key means, how one runs and how it is fetched."""
