"""Small linear algebra on numbers and Values: solve, inv, det, cholesky, as compositions of the table's ops.

Gaussian elimination with partial pivoting and Cholesky's decomposition (Golub & Van Loan, Matrix Computations, sections
3.4 and 4.2), entry by entry: a node for each operation, so that derivatives of every order come from the operations.
For n unknowns that are about n³/3 nodes. Which row is the pivot is decided by the numbers, without a derivative.
"""

from __future__ import annotations

from typing import Any

from ..errors import MatrixError
from .elementary import sqrt
from .primitive import Operand
from .reductions import affine, dot, prod

__all__ = ["cholesky", "det", "inv", "solve"]

Rows = list[list[Any]]


def _matrix(a: Any, name: str) -> Rows:
    """The rows of a square matrix, as lists of floats and Values."""
    rows = _rows(a, name)
    if not rows or any(len(row) != len(rows) for row in rows):
        shape = f"{len(rows)} × {len(rows[0])}" if rows and len({len(row) for row in rows}) == 1 else "ragged"
        raise MatrixError(f"{name} takes a square matrix, and this one is {shape if rows else 'empty'}")
    return rows


def _rows(a: Any, name: str) -> Rows:
    whole = a.values() if hasattr(a, "storage") else a  # a Parameter
    nested = whole.tolist() if hasattr(whole, "tolist") else whole
    if not isinstance(nested, (list, tuple)) or not all(isinstance(row, (list, tuple)) for row in _listed(nested)):
        raise TypeError(f"{name} takes a matrix: a list of rows or an array of two axes, not {_called(a)}")
    rows = [list(row) for row in _listed(nested)]
    for row in rows:
        if any(isinstance(x, (list, tuple)) or getattr(x, "ndim", 0) for x in row):
            raise TypeError(f"{name} takes one matrix, and this is a stack of them: pass them one by one")
    return [[x if isinstance(x, Operand) else float(x) for x in row] for row in rows]


def _listed(nested: Any) -> list[Any]:
    return [row.tolist() if hasattr(row, "tolist") else row for row in nested]


def _called(a: Any) -> str:
    axes = getattr(a, "ndim", None)
    if axes is not None:
        return f"an array of {axes} axes"
    return "a list of numbers" if isinstance(a, (list, tuple)) else f"a {type(a).__name__}"


def _like(a: Any, rows: Any) -> Any:
    """The result as an array if an argument was one, of floats if nothing in it is a Value; else nested lists."""
    if not any(hasattr(x, "dtype") or hasattr(x, "storage") for x in a):
        return rows
    import numpy as np

    made = np.array(rows, dtype=object)
    return made if any(isinstance(x, Operand) for x in made.ravel().tolist()) else made.astype(float)


def solve(a: Any, b: Any) -> Any:
    """The x of a·x = b.

    Args:
        a: a square matrix, n × n: a list of rows or an array, of numbers and Values.
        b: n numbers, or a matrix of n rows, whose columns are solved for one by one.

    Returns:
        x, of the shape of ``b``: lists, or an array if an argument is one.

    Raises:
        MatrixError: if ``a`` is singular or not square, or ``b`` has another number of rows.
        TypeError: for a right side that is neither a vector nor a matrix.

    >>> solve([[2.0, 1.0], [1.0, 3.0]], [5.0, 10.0])
    [1.0, 3.0]
    """
    rows = _matrix(a, "solve")
    given = b.tolist() if hasattr(b, "tolist") else b
    if not isinstance(given, (list, tuple)):
        raise TypeError(f"solve takes a vector or a matrix on the right, not {_called(b)}")
    vector = not any(isinstance(x, (list, tuple)) or getattr(x, "ndim", 0) for x in given)
    right = [[x if isinstance(x, Operand) else float(x)] for x in given] if vector else _rows(b, "solve")
    if len(right) != len(rows) or len({len(row) for row in right}) > 1:
        raise MatrixError(f"solve: the matrix has {len(rows)} rows, the right side {len(right)}: they must be as many")
    found = _solved(rows, right, "solve")
    return _like((a, b), [row[0] for row in found] if vector else found)


def inv(a: Any) -> Any:
    """The inverse of a square matrix. To solve equations, ``solve`` takes fewer operations.

    Args:
        a: a square matrix: a list of rows or an array, of numbers and Values.

    Raises:
        MatrixError: if it is singular or not square.

    >>> inv([[2.0, 0.0], [0.0, 4.0]])
    [[0.5, 0.0], [0.0, 0.25]]
    """
    rows = _matrix(a, "inv")
    identity: Rows = [[float(i == j) for j in range(len(rows))] for i in range(len(rows))]
    return _like((a,), _solved(rows, identity, "inv"))


def _solved(a: Rows, b: Rows, name: str) -> Rows:
    """Elimination, and the unknowns from the last to the first."""
    n = len(a)
    a, b = [list(row) for row in a], [list(row) for row in b]
    for k in range(n):
        at = _pivot(a, k)
        if at is None:
            raise MatrixError(
                f"{name}: the matrix is singular: no row is left with a number other than 0 in column {k}. Its rows "
                f"depend on each other: add a little to the diagonal, or leave the row out that says nothing new"
            )
        a[k], a[at], b[k], b[at] = a[at], a[k], b[at], b[k]
        for i in range(k + 1, n):
            if _is_zero(a[i][k]):
                continue
            factor = a[i][k] / a[k][k]
            a[i] = [*a[i][: k + 1], *[x - factor * p for x, p in zip(a[i][k + 1 :], a[k][k + 1 :], strict=True)]]
            b[i] = [x - factor * p for x, p in zip(b[i], b[k], strict=True)]
    found: Rows = [[] for _ in range(n)]
    for i in range(n - 1, -1, -1):
        known = a[i][i + 1 :]
        for c in range(len(b[i])):
            rest = b[i][c] - dot(known, [found[j][c] for j in range(i + 1, n)]) if known else b[i][c]
            found[i].append(rest / a[i][i])
    return found


def _is_zero(x: Any) -> bool:
    """Whether x is a plain 0, with nothing that depends on it."""
    return not isinstance(x, Operand) and x == 0.0


def _pivot(a: Rows, k: int) -> int | None:
    """The row from k on with the largest number in column k; None if all are 0."""
    at = k
    for i in range(k + 1, len(a)):
        if not _is_zero(a[i][k]) and abs(a[i][k]) > abs(a[at][k]):
            at = i
    return None if a[at][k] == 0.0 else at


def det(a: Any) -> Any:
    """The determinant of a square matrix; of a singular one 0, with the derivatives that it has there (its cofactors).

    Args:
        a: a square matrix: a list of rows or an array, of numbers and Values.

    Raises:
        MatrixError: if it is not square.

    >>> det([[2.0, 1.0], [1.0, 3.0]])
    5.0
    """
    rows = _matrix(a, "det")
    n, sign = len(rows), 1.0
    pivots: list[Any] = []
    for k in range(n - 2):
        place = _pivot(rows, k), k
        if place[0] is None:  # a column without a pivot: look in the others
            place = next(((i, j) for j in range(k + 1, n) for i in range(k, n) if rows[i][j] != 0.0), (None, k))
        at, column = place
        if at is None:  # nothing is left but zeros, at least three rows of them: their product has the derivatives, 0
            pivots += [rows[i][i] for i in range(k, n)]
            return sign * prod(pivots)
        if at != k:
            rows[k], rows[at] = rows[at], rows[k]
            sign = -sign
        if column != k:
            for row in rows:
                row[k], row[column] = row[column], row[k]
            sign = -sign
        pivots.append(rows[k][k])
        for i in range(k + 1, n):
            if not _is_zero(rows[i][k]):
                factor = rows[i][k] / rows[k][k]
                rows[i] = [
                    x - factor * p if j > k else x for j, (x, p) in enumerate(zip(rows[i], rows[k], strict=True))
                ]
    last = rows[n - 1][n - 1]
    if n > 1:
        last = rows[n - 2][n - 2] * last - rows[n - 2][n - 1] * rows[n - 1][n - 2]
    found = prod([*pivots, last]) if pivots else last
    return found if sign > 0.0 else -found


def cholesky(a: Any) -> Any:
    """The lower triangular L with a = L·Lᵀ of a symmetric positive definite matrix.

    As NumPy's it reads the lower triangle alone: to a symmetric matrix whose entries above the diagonal are Values of
    their own, their derivatives are 0.

    Args:
        a: a square matrix: a list of rows or an array, of numbers and Values.

    Raises:
        MatrixError: if it is not square, or not positive definite.

    >>> cholesky([[4.0, 2.0], [2.0, 5.0]])
    [[2.0, 0.0], [1.0, 2.0]]
    """
    rows = _matrix(a, "cholesky")
    found: Rows = []
    for i, row in enumerate(rows):
        made: list[Any] = []
        for j in range(i + 1):
            before = found[j] if j < i else made
            rest = affine(made[:j], [-x for x in before[:j]], row[j]) if j else row[j]
            if j < i:
                made.append(rest / found[j][j])
                continue
            if not rest > 0.0:
                raise MatrixError(
                    f"cholesky: the matrix is not positive definite: its leading {i + 1} × {i + 1} part is not. Add a "
                    f"little to the diagonal, if it should be and rounding or noise has spoilt it"
                )
            made.append(sqrt(rest))
        found.append([*made, *[0.0] * (len(rows) - 1 - i)])
    return _like((a,), found)
