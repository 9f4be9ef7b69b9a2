"""One owner's statement: a page to take home, in one file, that prints well."""
