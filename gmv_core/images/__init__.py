"""One image file's bytes: which kind it is, whether it is sound, its pixels, its small copies."""
