"""Programs as source: one printer, and a table of words per target language."""
