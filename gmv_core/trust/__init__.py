"""Is it closer than chance, does it hold, and who gains by copying?"""
