"""The graph and its sweeps: nodes, ``Value``, topological order, reverse and forward sweeps, and who watches them."""
