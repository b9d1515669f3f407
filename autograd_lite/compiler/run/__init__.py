"""Programs run: arrays by NumPy, scalars by an interpreter of cells."""
