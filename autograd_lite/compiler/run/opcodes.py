"""How a cell (``cells.py``) is computed: one number for each way."""

from __future__ import annotations

from typing import Final

# Opcodes. Below CALL1, the number and the partials of two operands, or of one and the drain, come out of one step;
# below SUM, going backward is uniform: the adjoint times a partial for each of two operands.
LEAF: Final = 0
ADD: Final = 1
SUB: Final = 2
MUL: Final = 3
PAIR: Final = 4
FUSED: Final = 5
COPY: Final = 6
NEG: Final = 7
CALL1: Final = 8
CALL2: Final = 9
WHERE: Final = 10
PICK: Final = 11
EQ: Final = 12
NE: Final = 13
LT: Final = 14
LE: Final = 15
GT: Final = 16
GE: Final = 17
SUM: Final = 18
MEAN: Final = 19
DOT: Final = 20
AFFINE: Final = 21
CALL: Final = 22
