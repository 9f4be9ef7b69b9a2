"""The work of a build: its stages, in this process or shared; an index on the disk."""
