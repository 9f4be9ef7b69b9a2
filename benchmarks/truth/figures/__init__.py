"""The plots of docs/results.md."""
