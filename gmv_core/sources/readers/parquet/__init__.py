"""Parquet files with image bytes, as Hugging Face writes them."""
