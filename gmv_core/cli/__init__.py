"""The command line: thin, one command an engine call."""
