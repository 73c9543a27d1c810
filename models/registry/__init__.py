"""The model registry: MLflow runs, aliases, and checked files of each version."""
