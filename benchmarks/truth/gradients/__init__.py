"""Attribution by the gradients of the generator: TracIn, TRAK, D-TRAK."""
