"""Jobs: long work that runs beside the service, in a worker of its own."""
