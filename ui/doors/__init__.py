"""Cached doors to the engine: the only place of st.cache_*."""
