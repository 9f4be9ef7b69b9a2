"""What all scripts share: data, work folder, reporting, plot style."""
