"""Reviews: pairs of a run drawn by a design, judged blind by people, and what they come to."""
