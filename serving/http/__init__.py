"""HTTP: bodies, parameters, problems, streams, templates and documentation."""
