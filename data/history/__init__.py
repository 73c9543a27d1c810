"""The order history on disk: Parquet files, their manifest, and queries over them."""
