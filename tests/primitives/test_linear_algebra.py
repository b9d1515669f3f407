"""solve, inv, det, cholesky: NumPy's numbers, derivatives to order two, compiled the same, clear errors."""

from __future__ import annotations

import numpy as np
import pytest

import autograd_lite as ag
from autograd_lite.errors import MatrixError

WEIGHTS = [0.3, -1.2, 0.7, 2.0, -0.4]
FUNCTIONS = {
    "solve": lambda a, b: ag.dot(ag.solve(a, b), WEIGHTS[: len(b)]),
    "det": lambda a, b: ag.det(a),
    "inv": lambda a, b: ag.sum([x * x for row in ag.inv(a) for x in row]),
    "cholesky": lambda a, b: ag.sum([x * x * (i + 1.0) for i, row in enumerate(ag.cholesky(a)) for x in row]),
}


def example(n, seed=0):
    rng = np.random.default_rng(seed)
    a = rng.normal(size=(n, n))
    return a, a @ a.T + np.eye(n), rng.normal(size=n), rng.normal(size=(n, 2))


@pytest.mark.parametrize("n", [1, 2, 3, 6])
def test_values_are_numpys(n):
    a, positive, b, two = example(n)
    np.testing.assert_allclose(ag.solve(a, b), np.linalg.solve(a, b), rtol=1e-10)
    np.testing.assert_allclose(ag.solve(a, two), np.linalg.solve(a, two), rtol=1e-10)
    np.testing.assert_allclose(ag.solve(a.tolist(), b.tolist()), np.linalg.solve(a, b), rtol=1e-10)
    np.testing.assert_allclose(ag.inv(a), np.linalg.inv(a), rtol=1e-10)
    np.testing.assert_allclose(ag.det(a), np.linalg.det(a), rtol=1e-10)
    np.testing.assert_allclose(ag.cholesky(positive), np.linalg.cholesky(positive), rtol=1e-10)


@pytest.mark.parametrize("n", [1, 2, 3])
@pytest.mark.parametrize("name", FUNCTIONS)
def test_derivatives_and_compiled_code(name, n):
    f = FUNCTIONS[name]
    compiled, second = ag.compile(ag.value_and_grad(f)), ag.compile(ag.hessian(f))
    for seed in range(3):  # the pivots differ
        a, positive, b, _ = example(n, seed)
        args = (positive if name == "cholesky" else a).tolist(), b.tolist()
        ag.check_grads(f, args)
        value, slopes = ag.value_and_grad(f)(*args)
        found, compiled_slopes = compiled(*args)
        assert found == pytest.approx(value, rel=1e-11)
        np.testing.assert_allclose(np.array(compiled_slopes, float), np.array(slopes, float), rtol=1e-9, atol=1e-11)
        curvature = np.array(ag.hessian(f)(*args), float)
        np.testing.assert_allclose(np.array(second(*args), float), curvature, rtol=1e-8, atol=1e-9)


def cofactors(a):
    n = len(a)
    minors = [[np.delete(np.delete(a, i, 0), j, 1) for j in range(n)] for i in range(n)]
    return [[(-1) ** (i + j) * np.linalg.det(minors[i][j]) for j in range(n)] for i in range(n)]


@pytest.mark.parametrize(
    "a",
    [
        [[1.0, 2.0], [2.0, 4.0]], [[0.0, 0.0], [0.0, 0.0]], [[1.0, 2.0, 3.0], [2.0, 4.0, 6.0], [1.0, 0.0, 1.0]],
        [[0.0, 0.0, 1.0], [0.0, 0.0, 2.0], [0.0, 1.0, 3.0]], [[0.0, 1.0, 2.0], [0.0, 3.0, 4.0], [0.0, 5.0, 7.0]],
        [[0.0] * 4] * 4, [[1.0] * 4] * 4, [[0.0, 1.0], [1.0, 0.0]],
    ],
)  # fmt: skip
def test_the_derivative_of_a_singular_determinant_is_its_cofactors(a):
    np.testing.assert_allclose(np.array(ag.grad(ag.det)(a), float), cofactors(np.array(a)), atol=1e-12)


def test_kinds_of_matrices():
    a, b = ag.values([[2.0, 1.0], [1.0, 3.0]]), ag.values([1.0, 2.0])
    x = ag.solve(a, b)
    assert [v.data for v in x] == pytest.approx([0.2, 0.6])
    x[0].backward()
    assert [v.grad for v in b] == pytest.approx([0.6, -0.2])
    p = ag.nn.Parameter([[2.0, 0.0], [0.0, 4.0]])
    ag.det(p).backward()
    assert p.grad.tolist() == [[4.0, 0.0], [0.0, 2.0]]
    assert ag.inv(((2, 0), (0, 4))) == [[0.5, 0.0], [0.0, 0.25]]
    assert ag.solve([[ag.Value(2.0)]], [4])[0].data == 2.0


@pytest.mark.parametrize(
    ("call", "error", "says"),
    [
        (lambda: ag.solve([[1.0, 2.0], [2.0, 4.0]], [1.0, 2.0]), MatrixError, "singular"),
        (lambda: ag.inv([[0.0]]), MatrixError, "singular"), (lambda: ag.inv([[1.0, 2.0]]), MatrixError, "1 × 2"),
        (lambda: ag.det([[1.0, 2.0], [3.0]]), MatrixError, "ragged"), (lambda: ag.det([]), MatrixError, "empty"),
        (lambda: ag.cholesky([[1.0, 2.0], [2.0, 1.0]]), MatrixError, "positive definite: its leading 2 × 2"),
        (lambda: ag.cholesky([[float("nan")]]), MatrixError, "positive definite"),
        (lambda: ag.solve([[1.0]], [1.0, 2.0]), MatrixError, "1 rows, the right side 2"),
        (lambda: ag.solve([[1.0]], 2.0), TypeError, "vector or a matrix"), (lambda: ag.det(3.0), TypeError, "a float"),
        (lambda: ag.det([1.0, 2.0]), TypeError, "list of numbers"), (lambda: ag.det("ab"), TypeError, "a str"),
        (lambda: ag.inv(np.ones((2, 2, 2))), TypeError, "one by one"),
        (lambda: ag.inv(np.ones(3)), TypeError, "1 axes"),
        (lambda: ag.det([["a"]]), ValueError, "a"),
    ],
)  # fmt: skip
def test_refused(call, error, says):
    with pytest.raises(error, match=says):
        call()
