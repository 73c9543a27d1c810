"""An HTTP client that sends exceptions to the service as an OMS would."""
