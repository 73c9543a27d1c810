"""Messages across languages: a sentence encoder teaches a table of tokens, at training alone."""
