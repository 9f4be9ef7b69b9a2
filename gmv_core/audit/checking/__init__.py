"""Evidence is checked: its form, what follows from what in it, and the images it speaks of."""
