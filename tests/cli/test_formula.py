"""Formulas as text: what they may hold, what they may not, and that nothing else ever comes out."""

from __future__ import annotations

import math

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

import autograd_lite as ag
from autograd_lite import Value
from autograd_lite.cli.formula import MAX_LENGTH, ExpressionError, evaluate
from autograd_lite.primitives import TABLE


@pytest.mark.parametrize(
    ("source", "value"),
    [
        ("1 + 2 * 3", 7.0), ("(1 + 2) * 3", 9.0), ("2**3**2", 512.0), ("-2**2", -4.0), ("7 / 2", 3.5), ("+3", 3.0),
        ("pi", math.pi), ("e", math.e), ("tau / 2", math.pi), ("-inf", -math.inf), ("sin(0)", 0.0),
        ("atan2(0, 1)", 0.0),
        ("max(1, 3, 2)", 3.0), ("max([1, 3, 2])", 3.0), ("dot([1, 2], [3, 4])", 11.0), ("affine([1], [2], 3)", 5.0),
        ("9**9**9", math.inf), ("9**9**9**9**9", math.inf), ("1/0", math.inf), ("log(0)", -math.inf),
        ("10**400", math.inf),
        ("1e400", math.inf), ("exp(1000)", math.inf), ("0x10 + 1_0", 26.0), (" 1 + 1 \n", 2.0), ("(1 +\n1)", 2.0),
        ("where(1 < 2, 5, 6)", 5.0), ("where(0, 5, 6)", 6.0), ("relu(-1)", 0.0), ("abs(-2)", 2.0),
    ],
)  # fmt: skip
def test_numbers(source, value):
    found = evaluate(source)
    assert type(found) is float
    assert found == value


def test_nan_is_ieee():
    assert math.isnan(evaluate("nan"))
    assert math.isnan(evaluate("log(-1)"))
    assert math.isnan(evaluate("(-8)**(1/3)"))


def test_variables_are_live():
    x, y = Value(2.0), Value(3.0)
    z = evaluate("x*sin(y) + x**2 + 2*x", {"x": x, "y": y})
    z.backward()
    assert z.data == 2 * math.sin(3) + 4 + 4
    assert x.grad == math.sin(3) + 4 + 2
    assert y.grad == 2 * math.cos(3)


def test_a_variable_hides_a_constant():
    assert evaluate("e + pi", {"e": 1.0, "pi": 2.0}) == 3.0


def test_where_takes_one_branch_only():
    x = Value(-1.0)
    y = evaluate("where(x > 0, sqrt(x), 0*x)", {"x": x})
    y.backward()
    assert x.grad == 0.0


def test_the_constant_exponent_is_not_differentiated():
    x = Value(-2.0)
    evaluate("x**2", {"x": x}).backward()
    assert x.grad == -4.0


@pytest.mark.parametrize(
    ("source", "message", "column"),
    [
        ("", "empty", 0), ("   ", "empty", 0), ("1 +", "not a formula", None), ("x.real", "attribute", 1),
        ("1 + x.real", "attribute", 5), ("x[0]", "index", 1), ("'a'", "str", 1), ("f'{1}'", "string", 1),
        ("b'a'", "bytes", 1),
        ("True", "bool", 1), ("None", "NoneType", 1), ("...", "ellipsis", 1), ("1j", "complex", 1),
        ("lambda: 1", "lambda", 1),
        ("(lambda: 1)()", "by their names", 1), ("[1, 2]", "list", 1), ("(1, 2)", "tuple", 1), ("{1: 2}", "dict", 1),
        ("[i for i in x]", "ListComp", 1), ("x > 1", "comparison", 1), ("1 if 1 else 2", "if", 1),
        ("1 and 2", "and", 1),
        ("not 1", r"only \+ and -", 1), ("~1", r"only \+ and -", 1), ("x ^ 2", r"written \*\*", 1),
        ("1 << 9", "LShift", 1),
        ("x := 1", "not a formula", None), ("(x := 1)", ":=", 2), ("x = 1", "not a formula", None),
        ("import os", "not a formula", None),
        ("__import__('os')", "no function '__import__'", 1), ("eval('1')", "no function 'eval'", 1),
        ("open(1)", "no function", 1),
        ("().__class__", "attribute", 1), ("sin.__call__(1)", "by their names", 1), ("sin", r"write sin\(…\)", 1),
        ("sim(1)", "did you mean", 1), ("foo", "no variable 'foo'", 1), ("2 * foo", "no variable 'foo'", 5),
        ("é + foo", "no variable 'é'", 1), ("x + 'é' + foo", "str", 5), ("sin(1, 2)", "takes 1 argument", 1),
        ("sin()", "takes 1 argument", 1), ("sin(x=1)", "have no names", 1), ("sin(*[1])", r"\* can't", 5),
        ("max()", "max", 1),
        ("dot([1], [1, 2])", "1 and 2 numbers", 1), ("dot([1], ['a'])", "str", 11), ("max([[1]])", "a list", 6),
        ("where(1 < 2 < 3, 1, 2)", "compares two numbers", 7), ("where(x > 1)", "comparison", 7),
        ("mean([])", "at least one", 1),
        ("x" + "+x" * 2000, "more than 4,000 parts", 0), ("\0", "null", 0),
        ("\ud800", "surrogates", 0), ("(" * 300 + "1" + ")" * 300, "too many nested", None),
        ("-" * 5000 + "1", "nested", 0), ("x" + "**x" * 200, "nested", 0), ("1" * 5000, "too many digits", None),
        ("1" * 400, "largest float", 1), ("1" * (MAX_LENGTH + 1), "characters", 0),
        ("max(" + "1," * 4500 + "1)", "parts", 0),
        ("sum([0], 1)", "sum", 1), ("5 @ 3", "MatMult", 1), ("await x", "not a formula|can't", None),
        ("yield", "not a formula", None),
    ],
)  # fmt: skip
def test_refusals_say_what_and_where(source, message, column):
    with pytest.raises(ExpressionError, match=message) as caught:
        evaluate(source, {"x": 1.0})
    if column is not None:
        assert caught.value.column == column
    assert len(str(caught.value)) < 400


@pytest.mark.parametrize(
    ("source", "name"), [("ln(2)", "log"), ("arctan(2)", "atan"), ("2*PI", "pi"), ("coss(1)", "cos")]
)
def test_names_from_elsewhere_are_recognised(source, name):
    with pytest.raises(ExpressionError, match=rf"did you mean {name}\?"):
        evaluate(source)


def test_a_formula_is_text():
    with pytest.raises(ExpressionError, match="a formula is a str, not int"):
        evaluate(3)
    assert issubclass(ExpressionError, (ag.AutogradError, ValueError))


def test_every_function_of_the_table_can_be_called():
    for name, prim in TABLE.items():
        if prim.arity > 0 and name != "where":
            low_high = prim.domain
            args = ", ".join(repr(0.5 * (low + high)) for low, high in low_high)
            assert isinstance(evaluate(f"{name}({args})"), float), name


ATOMS = st.sampled_from(
    ["x", "y", "1", "0.5", "-2", "1e308", "pi", "inf", "nan", "0", "foo", "'s'", "True", "[x]", "9**9"]
)
NAMES = st.sampled_from([*TABLE, "eval", "exec", "__import__", "open", "getattr", "x"])


def grow(inner):
    operators = st.sampled_from(["+", "-", "*", "/", "**", "//", "%", "@", "^", "<", " and ", " if ", "."])
    return st.one_of(
        st.tuples(inner, operators, inner).map("".join),
        st.tuples(NAMES, st.lists(inner, max_size=3)).map(lambda t: f"{t[0]}({', '.join(t[1])})"),
        inner.map(lambda s: f"({s})"),
        inner.map(lambda s: f"-{s}"),
        st.lists(inner, max_size=3).map(lambda parts: f"[{', '.join(parts)}]"),
    )


FORMULAS = st.one_of(
    st.recursive(ATOMS, grow, max_leaves=12),
    st.text(max_size=60),
    st.text("xy0129.+-*/()[]{},'\"\\ _abceinpstw:=<>@^%!~#\n\t\r\f\0é²·", max_size=40),
)


@settings(max_examples=400)
@given(FORMULAS)
@example("(\x0c\r1\n+foo)")
@example("x\f+foo")
def test_a_float_or_a_clean_refusal_and_never_anything_else(source):
    try:
        found = evaluate(source, {"x": 0.5, "y": 2.0})
    except ExpressionError:
        return
    assert type(found) is float


@given(FORMULAS)
def test_the_same_on_values(source):
    x, y = Value(0.5), Value(2.0)
    try:
        found = evaluate(source, {"x": x, "y": y})
    except ExpressionError:
        with pytest.raises(ExpressionError):
            evaluate(source, {"x": 0.5, "y": 2.0})
        return
    alone = evaluate(source, {"x": 0.5, "y": 2.0})
    number = found.data if isinstance(found, Value) else found
    assert number == alone or (math.isnan(number) and math.isnan(alone))


@pytest.mark.parametrize("op", ["+", "-", "*", "/"])
def test_a_long_sum_or_product_is_one_level(op):
    x = Value(1.001)
    text = op.join(["x"] * 1000)
    y = evaluate(text, {"x": x})
    assert y.data == eval(text, {"x": 1.001})
    y.backward()
    assert x.grad == pytest.approx(
        {"+": 1000, "-": -998, "*": 1000 * 1.001**999, "/": -998 * 1.001**-999}[op], rel=1e-9
    )
    assert evaluate(" + ".join(f"2*x - {k}" for k in range(500)), {"x": 1.0}) == 1000 - sum(range(500))
    assert evaluate("-".join(["(1+x)"] * 300), {"x": 1.0}) == 2.0 - 299 * 2.0
    assert evaluate("2 - 3 - 4 * 5 / 2 + 1 - (1 - (2 - 3))") == 2 - 3 - 4 * 5 / 2 + 1 - (1 - (2 - 3))
    with pytest.raises(ExpressionError, match="nested"):
        evaluate("(1" + "+(1" * 160 + ")" * 161)
