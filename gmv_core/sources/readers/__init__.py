"""One file a kind of source; they know source.py and names.py, and nothing above."""
