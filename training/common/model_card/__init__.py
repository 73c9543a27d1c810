"""Model card of a training run: figures beside their baselines, and one page, for every model."""
