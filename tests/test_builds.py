"""What the native build would do otherwise if nothing were done: the same errors on both builds, and never a crash."""

from __future__ import annotations

import pytest

import autograd_lite as ag
from autograd_lite import Value, nn


class Sub(Value):
    pass


class Forgetful(Value):
    def __init__(self):
        pass  # and not super().__init__(…)


@pytest.mark.parametrize("v", [Value(1.0), Sub(1.0), nn.Parameter([1.0])[0]], ids=lambda v: type(v).__name__)
@pytest.mark.parametrize("name", ["data", "grad", "label"])
def test_properties_are_not_deleted(v, name):
    with pytest.raises(AttributeError, match=f"property '{name}' of '{type(v).__name__}' object has no deleter"):
        delattr(v, name)


@pytest.mark.parametrize(
    "give",
    [lambda: Value(1.0, label=3), lambda: Value(1.0, 3), lambda: Value(1.0).named(3)],
    ids=["key", "second", "named"],
)
def test_a_label_is_a_str(give):
    with pytest.raises(TypeError, match=r"a label is a str, not int: write label=str\(…\)"):
        give()


def test_an_order_of_what_is_no_value():
    with pytest.raises(TypeError, match="topological_order takes Values, not int"):
        ag.topological_order(Value(1.0), 3)


@pytest.mark.parametrize("use", [lambda v: v.data, lambda v: v + 1, lambda v: ag.sin(v), repr, lambda v: v.backward()])
def test_a_subclass_that_forgot_its_base(use):
    with pytest.raises(AttributeError, match="attribute '_"):
        use(Forgetful())
