"""Numbers of other libraries beside a Value: taken as numbers, asked first, or refused."""

from __future__ import annotations

import operator
from decimal import Decimal
from fractions import Fraction

import numpy as np
import pytest

import autograd_lite as ag
from autograd_lite import LostGradientError, Value

OPERATORS = {
    "add": operator.add, "sub": operator.sub, "mul": operator.mul, "truediv": operator.truediv, "pow": operator.pow,
    "mod": operator.mod, "floordiv": operator.floordiv,
}  # fmt: skip


class Amount:
    """Has arithmetic of its own, and becomes a float gladly."""

    def __init__(self, number):
        self.number = number

    def __float__(self):
        return float(self.number)


for _name, _operator in OPERATORS.items():
    setattr(Amount, f"__r{_name}__", lambda self, other, f=_operator: Amount(f(other, self.number)))
    setattr(Amount, f"__{_name}__", lambda self, other, f=_operator: Amount(f(self.number, other)))


class Precise(Decimal):
    """A Decimal with a product of its own."""

    def __rmul__(self, other):
        return ("precise", other)


class Plain(Decimal):
    """A Decimal like any other."""


class NoNumber:
    """Has no float and no arithmetic."""


class Shy:
    """Becomes a float; its product is for its own kind alone, as with SymPy's numbers."""

    def __float__(self):
        return 3.0

    def __rmul__(self, other):
        return NotImplemented


@pytest.mark.parametrize("name", OPERATORS)
@pytest.mark.parametrize("node", [False, True])
def test_the_other_side_of_an_operator_gets_its_turn(name, node):
    v = Value(2.0) * 1.0 if node else Value(2.0)
    for made in (OPERATORS[name](v, Amount(3.0)), OPERATORS[name](Amount(3.0), v)):
        assert type(made) is Amount
        assert type(made.number) is Value
    assert OPERATORS[name](v, Amount(3.0)).number.data == OPERATORS[name](2.0, 3.0)
    v = Value(2.0)
    OPERATORS[name](v, Amount(3.0)).number.backward()
    assert v.grad == ag.grad(lambda x: OPERATORS[name](x, 3.0))(2.0)


def test_what_has_no_answer_is_a_number_after_all():
    v = Value(2.0)
    assert (v * Shy()).data == 6.0
    assert (v + Shy()).data == 5.0
    assert v * Precise("3") == ("precise", v)
    assert (v * Plain("3")).data == (Plain("3") * v).data == 6.0
    with pytest.raises(TypeError):
        v * NoNumber()


NUMBERS = [
    True, 3, Fraction(3, 1), Decimal(3), np.float32(3.0), np.int64(3), np.float64(3.0), np.bool_(True), np.array(3.0),
    np.array(3), np.array(3.0, dtype=object), np.array(Fraction(3), dtype=object),
]  # fmt: skip


@pytest.mark.parametrize("number", NUMBERS, ids=repr)
@pytest.mark.parametrize("name", OPERATORS)
def test_numbers_are_numbers_on_either_side(number, name):
    x = float(number)
    for made, wanted in (
        (OPERATORS[name](Value(2.0), number), OPERATORS[name](2.0, x)),
        (OPERATORS[name](number, Value(2.0)), OPERATORS[name](x, 2.0)),
    ):
        assert type(made) is Value
        assert made.data == wanted


def test_an_object_array_without_axes_is_the_object_in_it():
    v, w = Value(2.0), Value(3.0)
    inside = np.where(True, w, 0.0)
    assert inside.shape == ()
    for made in (
        v * inside,
        inside * v,
        ag.mul(v, inside),
        ag.sum([v, inside, 1.0]),
        ag.maximum(v, inside),
        v.maximum(inside),
    ):
        w.grad = 0.0
        made.backward()
        assert w.grad != 0.0
    assert ag.sum(inside).data == ag.mean([inside]).data == 3.0
    assert ag.sin(np.array(2.0)) == ag.sin(2.0)
    assert ag.hypot(np.array([3.0, 4.0]), np.array(v, dtype=object))[0].data == ag.hypot(3.0, 2.0)
    assert ag.grad(lambda x: x * np.where(x > 0, x * x, 0.0))(2.0) == 12.0
    assert ag.grad(lambda x: np.polyval([1.0, 2.0, 3.0], x))(2.0) == 6.0
    assert type(v * np.array(Amount(3.0), dtype=object)) is Amount
    assert (v * np.array([1.0, 2.0]))[1].data == 4.0


class Tensor:
    """What other engines' variables look like."""

    def __init__(self, **flags):
        self.grad = None
        self.__dict__.update(flags)

    def backward(self):
        raise AssertionError

    def __float__(self):
        return 3.0

    def __rmul__(self, other):
        return 3.0 * other


@pytest.mark.parametrize("flags", [{"requires_grad": True}, {"constant": False}, {"stop_gradient": False}, {}])
def test_what_wants_another_engines_gradient_is_refused(flags):
    wants = Tensor(**flags)
    for run in (
        lambda: Value(2.0) * wants, lambda: Value(2.0) + wants, lambda: ag.sin(wants),
        lambda: ag.maximum(Value(1.0), wants), lambda: Value(wants), lambda: ag.sum([wants, 1.0]),
        lambda: ag.grad(ag.sin)(wants),
    ):  # fmt: skip
        with pytest.raises(LostGradientError, match="another engine"):
            run()


@pytest.mark.parametrize("flags", [{"requires_grad": False}, {"constant": True}, {"stop_gradient": True}])
def test_what_wants_none_is_a_number(flags):
    assert (Value(2.0) * Tensor(**flags)).data == 6.0
    assert ag.sin(Tensor(**flags)) == ag.sin(3.0)


def test_torch():
    torch = pytest.importorskip("torch")
    leaf = torch.tensor(3.0, requires_grad=True)
    for run in (
        lambda: Value(2.0) * leaf,
        lambda: leaf * Value(2.0),
        lambda: ag.sin(leaf),
        lambda: Value(2.0) - leaf * 2,
    ):
        with pytest.raises(TypeError):
            run()
    assert (Value(2.0) * leaf.detach()).data == (Value(2.0) * torch.tensor(3.0)).data == 6.0
    assert (Value(2.0) ** torch.tensor(3.0)).data == 8.0


def test_sympy():
    sympy = pytest.importorskip("sympy")
    v = Value(3.0)
    for number in (sympy.pi, sympy.E, sympy.Rational(1, 3), sympy.Float(2.5), sympy.Integer(2), sympy.sqrt(2)):
        x = float(number)
        for op in (operator.add, operator.sub, operator.mul, operator.truediv, operator.pow):
            assert op(v, number).data == pytest.approx(op(3.0, x), rel=1e-15)
            assert op(number, v).data == pytest.approx(op(x, 3.0), rel=1e-15)
    assert ag.grad(lambda x: sympy.sqrt(2) * x)(1.0) == pytest.approx(2**0.5)
    with pytest.raises(sympy.SympifyError):
        sympy.sympify(v, strict=True)


def test_pint():
    pint = pytest.importorskip("pint")
    units = pint.UnitRegistry()
    v = Value(3.0)
    length = units.Quantity(2.0, "m")
    for made, text in ((v * length, "meter"), (length * v, "meter"), (v / length, "1 / meter"), (v * units.m, "meter")):
        assert str(made.units) == text
        made.magnitude.backward()
    assert v.grad == 2.0 + 2.0 + 0.5 + 1.0
    with pytest.raises(pint.DimensionalityError):
        v + length


def test_mpmath():
    mpmath = pytest.importorskip("mpmath")
    for made in (Value(2.0) * mpmath.mpf(3), mpmath.mpf(3) * Value(2.0), Value(2.0) * mpmath.pi / mpmath.pi * 3):
        assert type(made) is Value
        assert made.data == pytest.approx(6.0)
