"""What surrounds a page: menu, state keys, links, safe Markdown."""
