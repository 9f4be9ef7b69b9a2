"""C1 to C4 of one result, and how they are told; no model is needed."""
