"""Machines that share the work of a build or a run."""
