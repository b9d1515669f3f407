"""Derivatives of array programs: the adjoint statements, of loops too."""
