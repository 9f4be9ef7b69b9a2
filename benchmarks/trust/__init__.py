"""Is what is said of copies, sources and intervals right as often as it claims?"""
