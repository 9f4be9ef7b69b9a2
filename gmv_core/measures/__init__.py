"""Statistics on arrays: agreement, detection, concentration, bootstrap."""
