"""Long work as processes of their own: started, found, stopped, resumed; uploads; deletions."""
