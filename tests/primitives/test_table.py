"""The table, walked: every entry whole, right at its hard points, and the same on floats, Values and arrays."""

from __future__ import annotations

import ast
import doctest
import importlib
import itertools
import math
import operator
import re
from pathlib import Path

import mpmath as mp
import numpy as np
import pytest
import sympy

import autograd_lite as ag
from autograd_lite import Value
from autograd_lite.compiler.emit.source import NUMPY_SOURCES, numpy_helpers
from autograd_lite.engine.value import record
from autograd_lite.primitives import TABLE
from autograd_lite.primitives.numpy_helpers import HELPERS

from ..oracle.mp_table import MP
from ..oracle.table_oracle import close, condition, derivative, points

ENTRIES = sorted(TABLE)
FIXED = [name for name in ENTRIES if TABLE[name].arity > 0]
PAGES = sorted(
    path.stem
    for path in (Path(ag.__file__).parent / "primitives").glob("*.py")
    if re.search(r"^    table=True,$|^TABLE\[|= grouped\($", path.read_text(encoding="utf-8"), re.MULTILINE)
)
NAN, INF = math.nan, math.inf

#: operands that are whole numbers or conditions: no derivative is defined for them (the rule's is 0 or nan)
PARAMETERS = {("polygamma", 0), ("round", 1), ("where", 0), ("ldexp", 1)}


def same(a, b) -> bool:
    """Equal to the last bit, nan like nan (the sign of a zero aside)."""
    return a == b or (a != a and b != b)


def bits(a, b) -> bool:
    """Equal, sign of zero included."""
    return same(a, b) and (a != a or math.copysign(1.0, a) == math.copysign(1.0, b))


def operands(name: str, point: tuple[float, ...]) -> tuple[float, ...]:
    """The point as the entry takes it: a condition for ``where``."""
    return (float(point[0] > 0.0), *point[1:]) if name == "where" else point


# --- every entry is whole -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ENTRIES)
def test_entry_is_whole(name):
    entry = TABLE[name]
    assert entry.name == name
    assert "partial" in entry.__doc__, "the docstring gives the partial derivatives"
    assert ">>>" in entry.__doc__, "and an example"
    assert entry.text
    assert entry.latex
    assert entry.sympy
    assert entry.array or entry.expression, "and each notation"
    assert len(entry.domain) == max(entry.arity, 1), "a test interval for every argument"
    assert all(low <= high for low, high in entry.domain)
    assert getattr(ag, name) is entry, "and the entry is public"
    assert isinstance(entry.float_partials, type(lambda: 0))


@pytest.mark.parametrize("name", ENTRIES)
def test_doctest(name):
    entry = TABLE[name]
    page = vars(importlib.import_module(entry.fn.__module__))
    test = doctest.DocTestParser().get_doctest(entry.__doc__, dict(page), name, None, 0)
    assert test.examples
    result = doctest.DocTestRunner(optionflags=doctest.NORMALIZE_WHITESPACE).run(test)
    assert result.failed == 0


@pytest.mark.parametrize("page", PAGES)
def test_doctests_of_the_page(page):
    module = importlib.import_module(f"autograd_lite.primitives.{page}")
    assert doctest.testmod(module, optionflags=doctest.NORMALIZE_WHITESPACE).failed == 0
    assert sorted(module.__all__) == sorted(set(module.__all__))
    for name in module.__all__:
        assert getattr(ag, name) is getattr(module, name)
        assert getattr(module, name).__doc__


def test_every_page_is_read():
    """A page that nothing imports would be missed by all the walks over the table."""
    assert {entry.fn.__module__.rpartition(".")[2] for entry in TABLE.values()} == set(PAGES)


#: where an op's numbers are taken as they are: ordinary ones, kinks, both ends of the floats, what is no number
EDGES = (0.0, -0.0, 0.5, 1.0, -1.0, 2.5, -3.0, 6.0, 1e-9, -25.0, 25.0, 750.0, -750.0, 1e160, INF, -INF, NAN)


@pytest.mark.parametrize("name", [name for name in FIXED if TABLE[name].expression is not None])
def test_the_expression_is_the_function(name):
    """What targets without a word for an op are given has its numbers, at the edges too, and its derivative."""
    entry = TABLE[name]
    rough = 2e-13 if name in ROUGH else 2e-15
    edges = {1: EDGES, 2: EDGES, 3: EDGES[::2]}[entry.arity]
    for point in [*points(entry), *itertools.product(*[edges] * entry.arity)]:
        found = Value(0.0) + entry.expression(*map(Value, point))
        expected = entry.fn(*point)
        if not same(found.data, expected) and not abs(expected) > 1e15:
            assert math.isclose(found.data, expected, rel_tol=rough, abs_tol=1e-300), (point, found.data, expected)
    for shares in itertools.product((0.137, 0.771), repeat=entry.arity):  # beside ties and seams
        point = [low + (high - low) * (t + 0.031 * k) for k, (t, (low, high)) in enumerate(zip(shares, entry.domain))]
        slopes = ag.grad(entry.expression, argnums=tuple(range(entry.arity)))(*point)
        for found, expected in zip(slopes, entry.partials(entry.fn(*point), *point), strict=True):
            assert math.isclose(found, expected, rel_tol=1e-9, abs_tol=1e-12), point


#: whose expression rounds a square or a square root, where the function has more digits
ROUGH = {"gaussian", "norm_pdf", "norm_cdf", "gelu"}


def test_methods_are_declared_for_type_checkers():
    page = ast.parse((Path(ag.__file__).parent / "engine" / "methods.pyi").read_text(encoding="utf-8"))
    methods = next(item for item in page.body if isinstance(item, ast.ClassDef))
    declared = {line.name for line in methods.body if isinstance(line, ast.FunctionDef) and line.name in TABLE}
    assert declared == {name for name in FIXED if name != "where"}
    assert all(callable(getattr(Value, name)) for name in declared)
    made = importlib.import_module("autograd_lite.primitives.__main__").methods()
    text = (Path(ag.__file__).parent / "engine" / "methods.pyi").read_text(encoding="utf-8")
    assert made in text, "run: python -m autograd_lite.primitives --methods"


def test_the_command_says_where_an_op_is_known(capsys):
    main = importlib.import_module("autograd_lite.primitives.__main__").main
    assert main(["mish"]) == 0
    said = capsys.readouterr().out
    assert "primitives/activations.py" in said
    assert re.search(r"drjit +the entry's expression", said)
    assert re.search(r"explorer +the entry's expression", said)
    assert "missing" not in said
    assert main(["mosh"]) == 2
    assert main([]) == 0
    assert "missing" not in capsys.readouterr().out, "an op that a target can't write, or has no method or judge"


def test_the_command_says_what_is_missing():
    command = importlib.import_module("autograd_lite.primitives.__main__")

    @ag.primitive(partials=lambda out, x: (3 * x * x,))
    def cube(x):
        """x³; the partial is 3x²."""
        return x * x * x

    said = "\n".join(command.report(cube))
    assert re.search(r"numpy +the float function, number by number", said)
    assert re.search(r"drjit +missing: cube has no notation in drjit: .*expression=", said)
    assert re.search(r"explorer +missing: cube has no JavaScript", said)
    assert "sympy=…, in SymPy's words: it has no cube" in said
    assert "its method in engine/methods.pyi" in said
    assert "50-digit numbers in tests/oracle" in said
    cube.expression = lambda x: x * x * x
    assert "missing: cube has no notation" not in "\n".join(command.report(cube))


def test_the_notation_that_an_entry_leaves_out():
    @ag.primitive(partials=lambda out, a, b: (2.0 * (a - b), 2.0 * (b - a)))
    def sq_diff(a, b):
        return (a - b) ** 2

    assert filled(sq_diff.text, ["x", "y"]) == filled(sq_diff.sympy, ["x", "y"]) == "sq_diff(x, y)"
    assert filled(sq_diff.latex, ["x", "y"]) == r"\operatorname{sq\_diff}\left(x, y\right)"
    shown = ag.explain(sq_diff(ag.Value(1.0, "x"), ag.Value(3.0, "y")) * 2.0).latex()
    assert r"\operatorname{sq\_diff}\left(x, y\right)" in shown


#: in ``math``, but for whole numbers, for tests, or not differentiable anywhere
NOT_FOR_US = """comb e factorial frexp gcd inf isclose isfinite isinf isnan isqrt lcm nan nextafter perm pi tau ulp
    isnormal issubnormal signbit fmax fmin""".split()  # noqa: SIM905


def test_all_of_math():
    names = {name for name in dir(math) if not name.startswith("_")} - set(NOT_FOR_US)
    assert {name for name in names if not callable(getattr(ag, name, None))} == set()


NAMED_IN_THE_ISSUE = """square reciprocal rsqrt logaddexp logaddexp2 xlogy xlog1py erf erfc erfinv gamma lgamma digamma
    sinc sign floor ceil trunc round fmod remainder divmod copysign fmax fmin degrees radians dist log_softmax softmax
    logsigmoid silu gelu elu selu celu mish softsign hardtanh hardsigmoid hardswish hardshrink softshrink relu6
    heaviside smooth_maximum smooth_abs norm var std fsum exp expm1 exp2 log log1p log2 log10 sqrt cbrt sin cos tan
    asin acos atan atan2 sinh cosh tanh asinh acosh atanh sigmoid softplus relu leaky_relu maximum minimum clip where
    hypot sum prod mean dot max min logsumexp abs neg pos add sub mul div pow""".split()  # noqa: SIM905


def test_all_of_the_list():
    assert [name for name in NAMED_IN_THE_ISSUE if not callable(getattr(ag, name, None))] == []


# --- notation that can be run ---------------------------------------------------------------------------------------


def filled(template: str, names: list[str], args: str | None = None) -> str:
    return template.format(*names, args=args if args is not None else ", ".join(names), n=len(names))


@pytest.mark.parametrize("name", ENTRIES)
def test_text_and_latex(name):
    entry = TABLE[name]
    names = [f"x{i}" for i in range(entry.arity if entry.arity > 0 else 3)]
    for template in (entry.text, entry.latex):
        made = filled(template, names)
        assert made.count("{") == made.count("}")
        assert made.count(r"\left") == made.count(r"\right")
        assert made.count("(") == made.count(")")
        shown = [n for n in names if n in made]
        assert shown == names or name in ("hardtanh", "heaviside"), made


@pytest.mark.parametrize("name", ENTRIES)
def test_sympy_source(name):
    entry = TABLE[name]
    for point in points(entry, 2)[:2]:
        names = [f"x{i}" for i in range(len(point))]
        scope = {**vars(sympy), "Max": sympy.Max, **{n: sympy.Float(x, 30) for n, x in zip(names, point, strict=True)}}
        if name == "where":
            scope["x0"] = scope["x0"] > 0
        if name == "polygamma":
            scope["x0"] = sympy.Integer(2)
        got = float(sympy.sympify(eval(filled(entry.sympy, names), scope)).evalf(20))
        assert got == pytest.approx(entry.fn(*operands(name, point)), rel=1e-13, abs=1e-15)


@pytest.mark.parametrize("name", ENTRIES)
def test_sympy_source_takes_symbols(name):
    entry = TABLE[name]
    count = entry.arity if entry.arity > 0 else 5
    names = [f"x{i}" for i in range(count)]
    scope = {**vars(sympy), **{n: sympy.Symbol(n, positive=True) for n in names}}
    if name == "where":
        scope["x0"] = sympy.Symbol("c") > 0
    made = sympy.sympify(eval(filled(entry.sympy, names), scope))
    assert made.free_symbols - {sympy.Symbol("c")} <= {scope[n] for n in names}


@pytest.mark.parametrize("name", ENTRIES)
def test_array_source(name):
    entry = TABLE[name]
    template, helpers = entry.array, {}
    if not template:  # its expression, as NumPy's sources have it
        template = NUMPY_SOURCES.word(entry)
        helpers = numpy_helpers([entry], template)
    groups: dict[int, list[tuple[float, ...]]] = {}
    for point in points(entry):
        groups.setdefault(len(point), []).append(point)
    for count, group in groups.items():
        names = [f"x{i}" for i in range(count)]
        scope = {"np": np, **HELPERS, **helpers}
        scope.update({n: np.array(column) for n, column in zip(names, zip(*group), strict=True)})
        scope["xs"] = np.array([scope[n] for n in names])
        if name == "where":
            scope["x0"] = scope["x0"] > 0
        with np.errstate(all="ignore"):
            got = np.atleast_1d(eval(filled(template, names, "xs"), scope))
        assert got.shape == (len(group),)
        for value, point in zip(got.tolist(), group, strict=True):
            expected = entry.fn(*operands(name, point))
            # NumPy's own functions, one rounding of each operand per operation, and sums of other order
            scale = condition(MP[name], point) + max((abs(x) for x in point if abs(x) < 1e6), default=0.0) * 0.01
            assert close(value, mp.mpf(expected), scale, 64), (point, value, expected)


# --- values and derivatives -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ENTRIES)
def test_values_and_partials(name):
    entry, exact = TABLE[name], MP[name]
    for point in points(entry, 3):
        args = operands(name, point)
        out = entry.fn(*args)
        assert type(out) is float
        assert close(out, derivative(exact, point), condition(exact, point), 8), (point, out)
        partials = entry.float_partials(out, *args)
        assert type(partials) is tuple
        assert len(partials) == len(point)
        for i, p in enumerate(partials):
            assert type(p) is float
            if (name, i) not in PARAMETERS:
                assert close(p, derivative(exact, point, (i,)), condition(exact, point, (i,)), 16), (point, i, p)


def hessian(entry, point):
    """The second partials, by backward of backward on Values; 0 for parameters."""
    xs = [x if (entry.name, i) in PARAMETERS else Value(x) for i, x in enumerate(point)]
    leaves = [x for x in xs if isinstance(x, Value)]
    record(entry, tuple(xs)).backward(create_graph=True)
    gradient = [x.grad if isinstance(x, Value) else 0.0 for x in xs]
    result = []
    for g in gradient:
        for x in leaves:
            x.grad = 0
        if isinstance(g, Value):
            g.backward(create_graph=True)
        result.append([getattr(getattr(x, "grad", 0.0), "data", 0.0) for x in xs])
    return result


@pytest.mark.parametrize("name", [n for n in ENTRIES if n != "where"])
def test_second_derivatives(name):
    entry, exact = TABLE[name], MP[name]
    for point in points(entry, 1):
        second = hessian(entry, point)
        for i in range(len(point)):
            for j in range(i, len(point)):
                if (name, i) in PARAMETERS or (name, j) in PARAMETERS:
                    continue
                expected = derivative(exact, point, (i, j))
                # the rule's rule adds up terms of the size of the first derivative over the operand
                scale = condition(exact, point, (i, j))
                scale += max(condition(exact, point, (k,)) for k in (i, j)) / max(1.0, abs(point[j]))
                for h in (second[i][j], second[j][i]):
                    assert close(h, expected, scale, 64), (point, i, j, h, float(expected))


@pytest.mark.parametrize(("name", "at"), [("exp", 0.5), ("sin", 0.5), ("tanh", 0.7), ("sigmoid", 0.3), ("log", 2.0),
    ("gamma", 2.5), ("digamma", 1.7), ("sinc", 0.1), ("gelu", -0.8), ("mish", 0.4), ("erfinv", 0.3), ("pow3", 1.5),
    ("softplus", 1e-9), ("norm_cdf", 1.0), ("asinh", 0.2), ("sqrt", 3.0), ("silu", -0.4)])  # fmt: skip
def test_third_derivatives(name, at):
    f = (lambda x: x**3) if name == "pow3" else getattr(ag, name)
    exact = (lambda x: x**3) if name == "pow3" else MP[name]
    x = Value(at)
    g = f(x)
    for _ in range(3):
        x.grad = 0
        g.backward(create_graph=True)
        g = x.grad
    expected = derivative(exact, (at,), (0, 0, 0))
    assert g.data == pytest.approx(float(expected), rel=1e-12, abs=1e-13)


# --- one rule, three kinds of numbers -------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ENTRIES)
def test_rule_on_floats_equals_rule_on_values(name):
    entry = TABLE[name]
    for point in points(entry):
        xs = [Value(x) for x in point]
        y = record(entry, tuple(xs))
        expected = entry.float_partials(y.data, *point)
        generic = entry.partials(y, *xs)
        assert len(generic) == len(point)
        for a, b in zip(generic, expected, strict=True):
            assert same(getattr(a, "data", a), b)
        plain = entry.partials(y.data, *point)
        assert all(map(same, plain, expected))
        assert all(map(same, y.local_partials, expected))


@pytest.mark.parametrize("name", FIXED)
def test_rule_on_arrays(name):
    entry = TABLE[name]
    group = points(entry)
    columns = [np.array(column) for column in zip(*group, strict=True)]
    out = entry(*columns)
    assert out.dtype == float
    partials = entry.partials(out, *columns)
    for i, point in enumerate(group):
        expected = entry.float_partials(entry.fn(*point), *point)
        for p, q in zip(partials, expected, strict=True):
            assert same(float(np.broadcast_to(p, out.shape)[i]), q)


@pytest.mark.parametrize("name", sorted(set(ENTRIES) & set(dir(math)) - {"sum", "pow"}))
def test_values_are_those_of_math(name):
    entry = TABLE[name]
    for point in points(entry, 40):
        if name in ("dist", "fsum", "prod"):
            n = len(point) // 2
            expected = math.dist(point[:n], point[n:]) if name == "dist" else getattr(math, name)(point)
        elif name == "ldexp":
            expected = math.ldexp(point[0], int(point[1]))
        else:
            expected = getattr(math, name)(*point)
        assert entry.fn(*point) == expected


def test_pow_and_log_with_a_base_are_those_of_math():
    for x, y in points(TABLE["pow"], 40):
        assert ag.pow(x, y) == math.pow(x, y)
        assert ag.log(x, 3.0) == math.log(x, 3.0)
    assert ag.hypot(1.0, 2.0, 3.5) == math.hypot(1.0, 2.0, 3.5)


OPERATORS = {
    "add": operator.add,
    "sub": operator.sub,
    "mul": operator.mul,
    "div": operator.truediv,
    "pow": operator.pow,
    "mod": operator.mod,
    "floordiv": operator.floordiv,
}


@pytest.mark.parametrize("name", OPERATORS)
def test_operators_record_what_the_table_says(name):
    entry, op = TABLE[name], OPERATORS[name]
    for a, b in [*points(entry, 10), (1e200, 1e150), (3.0, 2.0), (0.5, 2.0)]:
        for x, y in [(Value(a), Value(b)), (Value(a), b), (a, Value(b))]:
            v = op(x, y)
            expected = [
                p for p, arg in zip(entry.float_partials(entry.fn(a, b), a, b), (x, y)) if isinstance(arg, Value)
            ]
            assert v.op is entry
            assert bits(v.data, entry.fn(a, b))
            assert all(map(bits, v.local_partials, expected))
            assert len(v.local_partials) == len(expected)


@pytest.mark.parametrize("x", [3.0, -0.0, 0.0, 1e200, -1e-320, INF, NAN])
def test_short_cuts_of_one_operand(x):
    for op, name in [(operator.neg, "neg"), (operator.pos, "pos"), (abs, "abs"), (math.floor, "floor")]:
        v = op(Value(x))
        assert v.op is TABLE[name]
        assert bits(v.data, TABLE[name].fn(x))
        assert all(map(bits, v.local_partials, TABLE[name].float_partials(v.data, x)))
    squared = Value(x) ** 2
    assert bits(squared.data, TABLE["pow"].fn(x, 2.0))
    assert same(squared.local_partials[0], TABLE["pow"].float_partials(squared.data, x, 2.0)[0])


# --- entries are total ----------------------------------------------------------------------------------------------

SPECIAL = [0.0, -0.0, 1.0, -1.0, 0.5, -3.0, 6.0, 1e200, -1e200, 1e308, -1e308, 5e-324, -1e-310, 745.5, INF, -INF, NAN]


@pytest.mark.parametrize("name", FIXED)
def test_total_functions_never_raise(name):
    entry = TABLE[name]
    source = np.random.default_rng(0)
    for _ in range(SPECIAL.__len__() if entry.arity == 1 else 300):
        point = [SPECIAL[i] for i in source.integers(0, len(SPECIAL), entry.arity)]
        if entry.arity == 1:
            point = [SPECIAL[_]]
        out = entry.fn(*point)
        assert type(out) is float, point
        partials = entry.float_partials(out, *point)
        assert all(type(p) is float for p in partials), (point, partials)
        values = entry.partials(Value(out), *map(Value, point))
        assert all(same(getattr(v, "data", v), p) for v, p in zip(values, partials, strict=True)), point


@pytest.mark.parametrize("name", [n for n in ENTRIES if TABLE[n].arity < 0])
@pytest.mark.parametrize("special", [0.0, 1e200, -1e308, INF, -INF, NAN])
def test_total_functions_of_many_never_raise(name, special):
    entry = TABLE[name]
    for count in (3, 5) if name in ("affine", "var", "std") else (2, 4):
        for at in range(count):
            point = [1.0] * count
            point[at] = special
            out = entry.fn(*point)
            assert type(out) is float
            assert all(type(p) is float for p in entry.float_partials(out, *point))
