"""How a cell (``cells.py``) is computed: one number for each way."""

from __future__ import annotations

from typing import Final

# Opcodes. Below WHERE, the number and the partials of two operands, or of one and the drain, come out of one step;
# below SUM, going backward is uniform: the adjoint times a partial for each of two operands.
LEAF: Final = 0
ADD: Final = 1
SUB: Final = 2
MUL: Final = 3
PAIR: Final = 4
FUSED: Final = 5
COPY: Final = 6
NEG: Final = 7
WHERE: Final = 8
PICK: Final = 9
EQ: Final = 10
NE: Final = 11
LT: Final = 12
LE: Final = 13
GT: Final = 14
GE: Final = 15
SUM: Final = 16
MEAN: Final = 17
DOT: Final = 18
AFFINE: Final = 19
CALL: Final = 20
