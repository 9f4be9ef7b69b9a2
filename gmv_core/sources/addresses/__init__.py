"""Sources that lie elsewhere: their addresses, how these are asked, and whole files of them."""
