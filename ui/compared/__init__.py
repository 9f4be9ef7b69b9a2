"""The sections of Compare: the choice of the second result, shares and movers, contributors."""
