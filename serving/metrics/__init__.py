"""Metrics: what Prometheus reads at `/metrics`."""
