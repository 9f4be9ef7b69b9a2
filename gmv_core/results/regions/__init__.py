"""Which regions: three maps of a pair, and what they say."""
