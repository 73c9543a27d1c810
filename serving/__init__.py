"""Show and answer: the HTTP service for the OMS and the page for the operator."""
