"""The transforms: closed forms, structures, nesting, forward against reverse."""

from __future__ import annotations

import collections
import inspect
import math
import pickle
from decimal import Decimal
from fractions import Fraction

import numpy as np
import pytest

import autograd_lite as ag
from autograd_lite import Value
from autograd_lite.functional.linearize import Linear


def rosenbrock(x):
    return sum(100.0 * (x[i + 1] - x[i] ** 2) ** 2 + (1.0 - x[i]) ** 2 for i in range(len(x) - 1))


def rosenbrock_gradient(x):
    x = np.asarray(x, dtype=float)
    g = np.zeros_like(x)
    g[:-1] = -400.0 * x[:-1] * (x[1:] - x[:-1] ** 2) - 2.0 * (1.0 - x[:-1])
    g[1:] += 200.0 * (x[1:] - x[:-1] ** 2)
    return g


def rosenbrock_hessian(x):
    x = np.asarray(x, dtype=float)
    h = np.zeros((len(x), len(x)))
    for i in range(len(x) - 1):
        h[i, i] += 1200.0 * x[i] ** 2 - 400.0 * x[i + 1] + 2.0
        h[i + 1, i + 1] += 200.0
        h[i, i + 1] = h[i + 1, i] = -400.0 * x[i]
    return h


# --- grad -----------------------------------------------------------------------------------------------------------


def test_gradient_of_rosenbrock():
    x = np.linspace(-1.2, 1.4, 50)
    g = ag.grad(rosenbrock)(x)
    assert g.dtype == float
    np.testing.assert_allclose(g, rosenbrock_gradient(x), rtol=1e-13)
    assert ag.grad(rosenbrock)(x.tolist()) == g.tolist()


@pytest.mark.parametrize(
    "number", [3, True, 2.5, Fraction(1, 2), Decimal("1.5"), np.float32(0.5), np.int64(2), np.float64(0.25)], ids=repr
)
def test_every_number_is_a_differentiable_input(number):
    g = ag.grad(lambda x: x * x)(number)
    assert type(g) is float
    assert g == 2.0 * float(number)


Point = collections.namedtuple("Point", "x y")


def test_a_gradient_has_its_arguments_structure():
    def f(p):
        return p["a"] * p["b"][0] * p["b"][1][0] + (p["c"] * p["c"]).sum() + p["d"].x * p["d"].y

    p = {"a": 2, "b": [3.0, (4.0,)], "c": np.array([[1, 2], [3, 4]]), "d": Point(5.0, 6)}
    g = ag.grad(f)(p)
    assert list(g) == ["a", "b", "c", "d"]
    assert g["a"] == 12.0
    assert g["b"] == [8.0, (6.0,)]
    assert g["c"].dtype == float
    assert g["c"].tolist() == [[2.0, 4.0], [6.0, 8.0]]
    assert g["d"] == Point(6.0, 5.0)
    assert type(g["d"]) is Point
    ordered = ag.grad(lambda p: p["u"] * 2.0)(collections.OrderedDict(u=1.0))
    assert type(ordered) is collections.OrderedDict
    assert ordered == {"u": 2.0}


def test_odd_shapes():
    assert ag.grad(lambda x: x * 3.0)(np.array(2.0)).shape == ()
    assert ag.grad(lambda x: ag.sum(x))(np.zeros((2, 0, 3))).shape == (2, 0, 3)
    assert ag.grad(lambda x: 1.0)([]) == []
    assert ag.grad(lambda x: np.array(x * x))(3.0) == 6.0
    assert ag.grad(lambda x: np.float64(3.0))(3.0) == 0.0


def test_argnums():
    def f(a, b, c, scale=1.0):
        return a * b**2 * c * scale

    assert ag.grad(f, argnums=1)(2.0, 3.0, 5.0) == 60.0
    assert ag.grad(f, argnums=-1)(2.0, 3.0, 5.0, scale=2.0) == 36.0
    assert ag.grad(f, argnums=(2, 0))(2.0, 3.0, 5.0) == (18.0, 45.0)
    assert ag.grad(f, argnums=(1,))(2.0, 3.0, 5.0) == (60.0,)
    assert ag.value_and_grad(f, argnums=(0, 1))(2.0, 3.0, 5.0) == (90.0, (45.0, 60.0))
    assert ag.grad(lambda x, how: x * len(how))(2.0, "abc") == 3.0
    with pytest.raises(ValueError, match=r"argnums=3.*3 positional"):
        ag.grad(f, argnums=3)(2.0, 3.0, 5.0)
    with pytest.raises(ValueError, match="twice"):
        ag.grad(f, argnums=(0, -3))(2.0, 3.0, 5.0)
    with pytest.raises(TypeError, match="argnums"):
        ag.grad(f, argnums=("a",))(2.0, 3.0, 5.0)


@pytest.mark.parametrize(
    "result", [[1.0], (1.0, 2.0), {"a": 1.0}, np.ones(1), np.ones((2, 2))], ids=lambda r: type(r).__name__
)
def test_a_result_that_is_not_one_number_says_use_jacobian(result):
    with pytest.raises(TypeError, match="use jacobian"):
        ag.grad(lambda x: result)(1.0)
    with pytest.raises(TypeError, match="use jacobian"):
        ag.hessian(lambda x: result)([1.0])


def test_other_errors_name_the_cause():
    with pytest.raises(TypeError, match="returned None"):
        ag.grad(lambda x: None)(1.0)
    with pytest.raises(TypeError, match="str"):
        ag.grad(lambda x: "y")(1.0)
    with pytest.raises(TypeError, match=r"argument 0 .*str"):
        ag.grad(lambda x: x)("1.0")
    with pytest.raises(TypeError, match="NoneType"):
        ag.grad(lambda x: x[0])([1.0, None])
    with pytest.raises(TypeError, match="complex"):
        ag.grad(lambda x: x[0])(np.array([1j]))
    for transform in (ag.grad, ag.value_and_grad, ag.jacobian, ag.hessian):  # at once
        with pytest.raises(TypeError, match=r"takes a function, not Value: .*backward"):
            transform(Value(3.0))
    with pytest.raises(TypeError, match="takes a function"):
        ag.grad(3.0)(1.0)


def test_constants_ignored_arguments_and_inputs_handed_through():
    assert ag.grad(lambda x: 3.0)(1.0) == 0.0
    assert ag.grad(lambda x: 3)([1.0, {"a": 2.0}]) == [0.0, {"a": 0.0}]
    assert ag.grad(lambda x, y: y, argnums=(0, 1))(1.0, 2.0) == (0.0, 1.0)
    assert ag.grad(lambda x: x)(2.0) == 1.0
    assert ag.grad(lambda x: Value(3.0))(2.0) == 0.0
    assert ag.grad(ag.grad(lambda x: 2.0 * x))(2.0) == 0.0
    assert ag.hessian(lambda v: v[0])([1.0, 2.0]) == [[0.0, 0.0], [0.0, 0.0]]
    assert ag.jacobian(lambda v: [1.0, v[0], Value(2.0)])([5.0, 6.0]) == [[0.0, 0.0], [1.0, 0.0], [0.0, 0.0]]
    assert ag.grad(lambda x, y: x * y, argnums=(0, 1))(*[Value(3.0)] * 2)[0].data == 3.0


def test_a_transform_keeps_the_name_and_says_what_it_is_of():
    def f(x):
        """The docstring."""
        return x * x

    g = ag.grad(f, argnums=(0,))
    assert (g.__name__, g.__doc__, g.__wrapped__) == ("f", "The docstring.", f)
    assert g.__transform__ == ("grad", f, (0,))
    assert ag.vmap(f).__transform__ == ("vmap", f, {"in_axes": 0, "out_axes": 0})
    assert ag.jacobian(f).__name__ == "f"
    assert ag.grad(ag.sin)(0.0) == 1.0


# --- nesting --------------------------------------------------------------------------------------------------------


def test_derivatives_of_every_order():
    f, values = ag.sin, [math.cos(0.5), -math.sin(0.5), -math.cos(0.5), math.sin(0.5), math.cos(0.5), -math.sin(0.5)]
    for value in values:
        f = ag.grad(f)
        assert f(0.5) == pytest.approx(value, rel=1e-15)


def test_perturbations_are_not_confused():
    grad = ag.grad
    assert grad(lambda x: x * grad(lambda y: x + y)(1.0))(1.0) == 1.0
    assert grad(lambda x: x * grad(lambda y: x * y)(x))(2.0) == 4.0
    assert grad(lambda x: x * grad(lambda y: x)(x))(2.0) == 0.0
    assert grad(lambda x: grad(lambda y: (x - y) ** 3)(x * x))(0.5) == pytest.approx(-6 * (0.5 - 0.25) * (1 - 2 * 0.5))
    assert ag.jvp(lambda x: x * ag.jvp(lambda y: x + y, (1.0,), (1.0,))[1], (1.0,), (1.0,)) == (1.0, 1.0)
    assert grad(lambda x: x * ag.jvp(lambda y: x * y, (3.0,), (1.0,))[1])(2.0) == 4.0
    assert ag.jvp(lambda x: x * grad(lambda y: x * y)(3.0), (2.0,), (1.0,))[1] == 4.0
    x = Value(2.0)
    assert grad(lambda y: x * y)(x).data == 2.0, "the argument is not the Value that the function refers to"
    # Siskind & Pearlmutter's curried form: the inner function comes out of one derivative and goes into another
    shift = grad(lambda u: (lambda f: lambda x: f(x + u))(ag.sin)(1.0))
    assert shift(0.0) == math.cos(1.0)


def test_transforms_of_each_kind_nest():
    def f(v):
        return v[0] ** 3 * v[1] + ag.sin(v[0] * v[1])

    x = [0.7, -1.3]
    a, b = x
    c, s = math.cos(a * b), math.sin(a * b)
    mixed = 3 * a * a + c - a * b * s
    expected = [[6 * a * b - b * b * s, mixed], [mixed, -a * a * s]]
    for mode in ("forward", "reverse"):
        for inner in ("forward", "reverse"):
            h = ag.jacobian(lambda v, inner=inner: ag.jacobian(f, mode=inner)(v), mode=mode)(x)
            np.testing.assert_allclose(h, expected, rtol=1e-14)
    np.testing.assert_allclose(ag.hessian(f)(x), expected, rtol=1e-14)
    np.testing.assert_allclose(ag.hvp(f, x, [2.0, 3.0]), np.array(expected) @ [2.0, 3.0], rtol=1e-14)
    third = ag.grad(lambda v: ag.hvp(f, v, [1.0, 0.0])[0])(x)
    np.testing.assert_allclose(third, [6 * b - b**3 * c, 6 * a - 2 * b * s - a * b * b * c], rtol=1e-14)
    third = ag.jacobian(ag.hessian(f))(np.array(x))
    assert third.shape == (2, 2, 2)
    np.testing.assert_allclose(third[0, 0], [6 * b - b**3 * c, 6 * a - 2 * b * s - a * b * b * c], rtol=1e-14)


def test_values_as_arguments_give_differentiable_results():
    x = Value(2.0, label="x")
    g = ag.grad(lambda a: a**3)(x)
    assert type(g) is Value
    assert x.grad == 0.0
    g.backward()
    assert x.grad == 12.0
    arrays = ag.values([1.0, 2.0])
    h = ag.grad(lambda v: (v**3).sum())(arrays)
    assert h.dtype == object
    h[1].backward()
    assert [v.grad for v in arrays] == [0.0, 12.0]
    y, g = ag.value_and_grad(lambda a, b: a * b)(2.0, x)
    assert (y.data, g.data, type(g)) == (4.0, 2.0, Value)
    (g * 5.0).backward()
    assert x.grad == 12.0 + 5.0


def test_a_transform_sweeps_no_further_than_its_inputs():
    x = Value(1.0)
    v = x
    for _ in range(1000):
        v = v * 1.001
    y = v * 2.0
    assert len(ag.topological_order(ag.grad(lambda a: a * y)(v))) > 1000
    assert len(Linear([v], [y])._steps) == 1


# --- vjp, jvp, jacobian ---------------------------------------------------------------------------------------------


def g3(p):
    x, y = p["x"], p["y"]
    return [x[0] * y, ag.exp(x[1]) + y * y, (ag.sin(x[0]) * x[1], 7.0)]


P = {"x": [0.3, -0.8], "y": 1.5}


DENSE = np.array(
    [[1.5, 0.0, 0.3], [0.0, math.exp(-0.8), 3.0], [math.cos(0.3) * -0.8, math.sin(0.3), 0.0], [0.0, 0.0, 0.0]]
)


def test_jacobian_in_both_modes_and_its_structure():
    for mode in ("forward", "reverse", "auto"):
        j = ag.jacobian(g3, mode=mode)(P)
        assert j[2][1] == {"x": [0.0, 0.0], "y": 0.0}
        rows = [j[0], j[1], *j[2]]
        np.testing.assert_allclose([[*r["x"], r["y"]] for r in rows], DENSE, rtol=1e-15)
    with pytest.raises(ValueError, match="mode"):
        ag.jacobian(g3, mode="sideways")


def test_jacobian_says_which_mode_it_picked():
    tall = ag.jacobian(lambda x: [x, x, x])
    wide = ag.jacobian(lambda x: [x[0] + x[1] + x[2]])
    assert tall(1.0) == [1.0, 1.0, 1.0]
    assert wide([1.0, 2.0, 3.0]) == [[1.0, 1.0, 1.0]]
    assert (tall.mode, wide.mode) == ("forward", "reverse")
    assert ag.jacobian(lambda x: x, mode="reverse").mode == "reverse"


def test_jacobian_of_arrays():
    x = np.array([[1.0, 2.0], [3.0, 4.0]])
    j = ag.jacobian(lambda x: x @ np.array([1.0, 10.0]))(x)
    assert j.shape == (2, 2, 2)
    assert j.tolist() == [[[1.0, 10.0], [0.0, 0.0]], [[0.0, 0.0], [1.0, 10.0]]]
    assert ag.jacobian(lambda x: ag.sum(x))(x).tolist() == [[1.0, 1.0], [1.0, 1.0]]
    pair = ag.jacobian(lambda a, b: a * b, argnums=(0, 1))(np.array([2.0, 3.0]), 5.0)
    assert pair[0].tolist() == [[5.0, 0.0], [0.0, 5.0]]
    assert pair[1].tolist() == [2.0, 3.0]
    h = ag.hessian(lambda a, b: (a * a).sum() * b, argnums=(0, 1))(np.array([2.0, 3.0]), 5.0)
    assert h[0][0].tolist() == [[10.0, 0.0], [0.0, 10.0]]
    assert h[0][1].tolist() == h[1][0].tolist() == [4.0, 6.0]
    assert h[1][1] == 0.0


def test_vjp_and_jvp_agree_with_the_jacobian():
    w = [0.5, 2.0, (-1.0, 3.0)]
    y, pullback = ag.vjp(g3, P)
    (g,) = pullback(w)
    np.testing.assert_allclose([*g["x"], g["y"]], np.array([0.5, 2.0, -1.0, 3.0]) @ DENSE, rtol=1e-15)
    assert pullback(w) == (g,), "a pullback can be used again"
    v = {"x": [1.0, -2.0], "y": 0.5}
    y2, t = ag.jvp(g3, (P,), (v,))
    assert y2 == y
    np.testing.assert_allclose([t[0], t[1], *t[2]], DENSE @ [1.0, -2.0, 0.5], rtol=1e-15)
    assert ag.jvp(lambda a, b: a * b, (2.0, 3.0), 1.0, argnums=1) == (6.0, 2.0)
    assert ag.vjp(lambda a, b: a * b, 2.0, 3.0, argnums=1)[1](1.0) == 2.0


def test_tangents_and_adjoints_can_be_values():
    v = Value(2.0)
    (ag.jvp(lambda x: x**3, (2.0,), (v,))[1] * v).backward()
    assert v.grad == 2 * 12.0 * 2.0
    v = Value(2.0)
    ag.vjp(lambda x: x**3, 2.0)[1](v)[0].backward()
    assert v.grad == 12.0
    assert ag.grad(lambda w: ag.vjp(lambda x: x**3, w)[1](w)[0])(2.0) == 9 * 4.0


def test_mismatched_structures_are_refused():
    with pytest.raises(ValueError, match="tuple of 2"):
        ag.jvp(lambda a, b: a * b, (1.0, 2.0), (1.0,))
    with pytest.raises(ValueError, match="structure"):
        ag.vjp(lambda a: [a, a], 1.0)[1](1.0)
    with pytest.raises(ValueError, match="shape"):
        ag.hvp(rosenbrock, np.ones(3), np.ones(4))
    with pytest.raises(TypeError, match=r"\(x,\)"):
        ag.jvp(lambda a: a, 1.0, 1.0)


def test_hessian_and_hvp_of_rosenbrock():
    x = np.linspace(-1.0, 1.3, 10)
    expected = rosenbrock_hessian(x)
    np.testing.assert_allclose(ag.hessian(rosenbrock)(x), expected, rtol=1e-13)
    np.testing.assert_allclose(ag.hessian(rosenbrock)(x.tolist()), expected, rtol=1e-13)
    v = np.cos(np.arange(10.0))
    np.testing.assert_allclose(ag.hvp(rosenbrock, x, v), expected @ v, rtol=1e-12)
    assert ag.hvp(lambda a, b: a * a * b, (2.0, 3.0), (1.0, 0.0), argnums=(0, 1)) == (6.0, 4.0)


# --- conventions ----------------------------------------------------------------------------------------------------


def test_zero_adjoints_are_propagated():
    f = lambda x: ag.log(ag.exp(x))  # noqa: E731
    assert math.isnan(ag.grad(f)(1000.0))
    assert math.isnan(ag.jvp(f, (1000.0,), (1.0,))[1])
    assert math.isnan(ag.grad(ag.grad(f))(1000.0))
    assert math.isnan(ag.hessian(lambda v: f(v[0]))([1000.0])[0][0])


def test_what_an_input_does_not_reach_stays_zero():
    for mode in ("forward", "reverse"):
        j = ag.jacobian(lambda v: [ag.log(v[0]) + v[1], v[1]], mode=mode)([0.0, 2.0])
        assert j == [[math.inf, 1.0], [0.0, 1.0]]


def test_where_keeps_the_other_branch_out_at_every_order():
    f = lambda x: ag.where(x > 0.0, lambda: ag.sqrt(x), 0.0)  # noqa: E731
    for _ in range(3):
        f = ag.grad(f)
        assert f(-1.0) == 0.0
    assert ag.grad(ag.grad(ag.abs))(0.0) == 0.0


def test_repeated_operands():
    assert ag.grad(lambda x: x * x * x)(2.0) == 12.0
    assert ag.grad(ag.grad(lambda x: ag.sum([x, x, x * x])))(2.0) == 2.0
    assert ag.hessian(lambda v: ag.prod([v[0], v[0], v[0]]))([2.0]) == [[12.0]]


def test_deep_graphs():
    def f(x):
        for _ in range(20_000):
            x = x * 1.0 + 0.0
        return x * x

    assert ag.grad(f)(3.0) == 6.0
    assert ag.grad(ag.grad(f))(3.0) == 2.0
    assert ag.jvp(f, (3.0,), (1.0,))[1] == 6.0


def test_negative_zero_and_bitwise_agreement_with_backward():
    def f(v):
        return ag.sin(v[0]) * v[1] - v[0] * v[0] / v[1]

    x = [Value(0.3), Value(-1.7)]
    f(x).backward()
    expected = [v.grad for v in x]
    assert ag.grad(f)([0.3, -1.7]) == expected
    assert ag.vjp(f, [0.3, -1.7])[1](1.0)[0] == expected
    assert ag.jacobian(f, mode="reverse")([0.3, -1.7]) == expected
    assert str(ag.grad(lambda x: -x * 0.0)(1.0)) == "0.0"


# --- vmap -----------------------------------------------------------------------------------------------------------


def test_vmap_over_arrays():
    x = np.arange(6.0).reshape(3, 2)
    f = ag.vmap(lambda v, s: {"sum": v[0] + v[1], "both": (v * s, v[0])}, in_axes=(0, None))
    out = f(x, 10.0)
    assert out["sum"].tolist() == [1.0, 5.0, 9.0]
    assert out["both"][0].tolist() == (x * 10.0).tolist()
    assert out["both"][1].tolist() == [0.0, 2.0, 4.0]
    assert ag.vmap(lambda v: v[0], in_axes=1)(x).tolist() == [0.0, 1.0]
    assert ag.vmap(lambda v: v * 2.0, in_axes=1, out_axes=1)(x).tolist() == (2 * x).tolist()
    g = ag.vmap(ag.grad(rosenbrock))(x)
    np.testing.assert_allclose(g, [rosenbrock_gradient(row) for row in x], rtol=1e-13)
    a, b = ag.vmap(ag.grad(lambda a, b: a * b * b, argnums=(0, 1)))(x[:, 0], x[:, 1])
    np.testing.assert_allclose(a, x[:, 1] ** 2)
    np.testing.assert_allclose(b, 2 * x[:, 0] * x[:, 1])


def test_vmap_over_lists_and_values():
    assert ag.vmap(lambda a, b: a + b)([1.0, 2.0], [10.0, 20.0]) == [11.0, 22.0]
    assert ag.vmap(lambda a: (a, 2 * a))([1.0, 2.0]) == ([1.0, 2.0], [2.0, 4.0])
    assert ag.vmap(lambda col: col[0] + col[1], in_axes=1)([[1.0, 2.0], [3.0, 4.0]]) == [4.0, 6.0]
    x = ag.values([1.0, 2.0, 3.0])
    y = ag.vmap(lambda a: a * a)(x)
    assert y.dtype == object
    ag.sum(y).backward()
    assert [v.grad for v in x] == [2.0, 4.0, 6.0]
    assert ag.grad(lambda v: ag.sum(ag.vmap(lambda a: a * a)(v)))(np.array([1.0, 2.0])).tolist() == [2.0, 4.0]


def test_vmap_refuses_what_is_no_batch():
    with pytest.raises(ValueError, match="differ in size: 2 in argument 0, 3 in argument 1"):
        ag.vmap(lambda a, b: a)(np.ones(2), np.ones(3))
    with pytest.raises(ValueError, match="no axis 0; use None"):
        ag.vmap(lambda a, b: a)(np.ones(2), 3.0)
    with pytest.raises(ValueError, match="at least one"):
        ag.vmap(lambda a: a, in_axes=None)(1.0)
    with pytest.raises(ValueError, match="2 entries for 1"):
        ag.vmap(lambda a: a, in_axes=(0, 0))(np.ones(2))


@pytest.mark.parametrize("wrong", [2.0, [1.0], (0, 1.5), "x", None, True, Value(1.0)])
@pytest.mark.parametrize("transform", [ag.grad, ag.value_and_grad, ag.jacobian, ag.hessian])
def test_a_point_in_the_place_of_argnums_is_refused_at_once(transform, wrong):
    with pytest.raises(TypeError, match=r"argnums is an int or a tuple of ints .*\(f\)\(x\)"):
        transform(cube_for_pools, wrong)


def cube_for_pools(x):
    return x**3


@pytest.mark.parametrize(
    "made",
    [ag.grad(cube_for_pools), ag.grad(ag.grad(cube_for_pools)), ag.value_and_grad(cube_for_pools),
     ag.jacobian(cube_for_pools), ag.hessian(cube_for_pools), ag.vmap(ag.grad(cube_for_pools)),
     ag.compile(ag.vmap(ag.grad(cube_for_pools))), ag.grad(cube_for_pools, argnums=(0,))],
    ids=lambda made: type(made).__name__,
)  # fmt: skip
def test_transforms_of_functions_with_a_name_pickle(made):
    point = [2.0, 3.0] if "vmap" in repr(made) or "compiled" in repr(made) else 2.0
    assert pickle.loads(pickle.dumps(made))(point) == made(point)


def test_a_transform_is_a_function_to_python():
    class Spring:
        stiffness = 2.0

        def energy(self, x):
            """Stored work."""
            return self.stiffness * x * x / 2

        force = ag.grad(energy, argnums=1)

    assert Spring().force(3.0) == 6.0
    assert Spring.force.__name__ == "energy"
    assert Spring.force.__doc__ == "Stored work."
    assert list(inspect.signature(Spring.force).parameters) == ["self", "x"]


WRAPPERS = {
    "grad": ag.grad,
    "value_and_grad": ag.value_and_grad,
    "jacobian": ag.jacobian,
    "hessian": ag.hessian,
    "vmap": ag.vmap,
    "checkpoint": lambda f: lambda *args, **named: ag.checkpoint(f, *args, **named),
    "plain": lambda f: f,
}


@pytest.mark.parametrize("name", WRAPPERS)
@pytest.mark.parametrize("compiled", [False, True])
def test_keywords_may_be_called_like_parameters_of_the_wrapper(name, compiled):
    def f(x, *, self, f, args, kwargs, named):
        return ag.sum(x) * ag.sum(x) * self * f * args * kwargs * named

    ones = {"self": 1.0, "f": 1.0, "args": 1.0, "kwargs": 1.0, "named": 1.0}
    wrapped = ag.compile(WRAPPERS[name](f)) if compiled else WRAPPERS[name](f)
    expected = WRAPPERS[name](lambda x: ag.sum(x) * ag.sum(x))([1.0, 2.0])
    for _ in range(3):
        assert wrapped([1.0, 2.0], **ones) == expected
