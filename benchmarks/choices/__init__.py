"""Why a default is what it is."""
