"""Programs as source: a printer for arrays, one for single numbers, one for C, and a table of words per target."""
