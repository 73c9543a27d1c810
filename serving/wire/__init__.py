"""Content of requests and answers, checked; without HTTP."""
