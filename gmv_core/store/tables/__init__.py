"""Lance tables: their rows, a digest of each, parts that many processes write, and damage."""
