"""Scalars to arrays: levels, index patterns, reductions, loops."""
