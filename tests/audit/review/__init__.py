"""Reviews: their design, judging, results and files."""
