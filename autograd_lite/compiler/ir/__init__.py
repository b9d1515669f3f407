"""The programs: scalar and array programs, their shapes, loops and names."""
