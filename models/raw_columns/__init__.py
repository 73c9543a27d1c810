"""Raw columns: what plain LightGBM reads, and trees on them tuned with care."""
