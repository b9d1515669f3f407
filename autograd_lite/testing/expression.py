"""``Expression``: a scalar computation written down as a list of steps, so that it can be run again.

A graph is a fact about one point. The tools of this package need the computation itself: at another point, with
another kind of number (50-digit ones, a second engine's), with every intermediate moved by a rounding unit, or cut
off at an inner node. An Expression is drawn at random by ``expressions()`` or read off a graph by ``Expression.of``.
"""

from __future__ import annotations

import inspect
import math
import random
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

from ..engine.sweeps import CheckpointOperands, Node, _postorder, reverse_nodes, rule_parents
from ..engine.value import Value
from ..primitives.primitive import TABLE, Primitive, dispatch

__all__ = ["Called", "Expression", "Step", "apply", "nodes_of"]


class Step(NamedTuple):
    """One operation: a primitive and its operands, an ``int`` for an earlier number, a ``float`` for a constant.

    Attributes:
        op: the primitive.
        operands: what it is applied to.

    >>> from autograd_lite.primitives import TABLE
    >>> Step(TABLE["pow"], (0, 2.0))
    Step(op=<primitive pow>, operands=(0, 2.0))
    """

    op: Primitive
    operands: tuple[int | float, ...]


class Called(Primitive):
    """A function of numbers (a compiled one, say) as an op of expressions: on Values it is called as it is.

    Args:
        f: takes numbers one by one, and returns one.

    >>> op = Called(lambda x, y: x * y)
    >>> op.name, op.arity, op.fn(2.0, 3.0), op.float_partials(6.0, 2.0, 3.0)
    ('lambda', 2, 6.0, (3.0, 2.0))
    """

    def __init__(self, f: Callable[..., Any]) -> None:
        kinds = [p.kind for p in inspect.signature(f).parameters.values() if p.default is p.empty]
        arity = -1 if inspect.Parameter.VAR_POSITIONAL in kinds else len(kinds)
        name = getattr(f, "__name__", type(f).__name__).strip("<>")
        slots = ", ".join(f"{{{i}}}" for i in range(arity)) if arity >= 0 else "{args}"

        def value(*numbers: float) -> float:
            y = f(*numbers)
            return float(y._number() if isinstance(y, Node) else y)

        def rule(out: Any, *args: Any) -> tuple[Any, ...]:
            fresh = [x._apply_unary(TABLE["identity"]) if isinstance(x, Node) else Value(x) for x in args]
            y = f(*fresh)
            found = reverse_nodes([(y, Value(1.0))], Value) if isinstance(y, Node) else {}
            return tuple(found.get(id(x), 0.0) for x in fresh)

        super().__init__(
            name, value, rule, arity, f"{name}({slots})", rf"\operatorname{{{{{name}}}}}({slots})", "", "", 5,
            ((-2.0, 2.0),) * max(arity, 1), (), f.__doc__ or "",
        )  # fmt: skip
        self.function = f
        self.float_partials = self._partials_of_floats

    def _partials_of_floats(self, out: float, *numbers: float) -> tuple[float, ...]:
        leaves = [Value(x) for x in numbers]
        y = self.function(*leaves)
        if isinstance(y, Value):
            y.backward()
        return tuple(leaf.grad for leaf in leaves)


def apply(op: Primitive, args: Sequence[Any]) -> Any:
    """``op`` on flat operands: floats, Values or arrays; the condition of ``where`` is ``args[0] > 0``.

    >>> from autograd_lite.primitives import TABLE
    >>> apply(TABLE["dot"], [1.0, 2.0, 3.0, 4.0])
    11.0
    """
    if isinstance(op, Called):
        return op.function(*args)
    if op.name == "where":
        return op(args[0] > 0.0, args[1], args[2])
    return dispatch(op, tuple(args))


def nodes_of(root: Any) -> list[Any]:
    """The nodes of a graph, operands first, with those inside of checkpoints."""
    found: list[Any] = _postorder([root], rule_parents)
    return found


def _on_floats(op: Primitive, args: list[Any]) -> list[Any]:
    """The operands as the float functions and rules take them."""
    return [args[0] > 0.0, *args[1:]] if op.name == "where" else args


class Expression:
    """A computation of one number from ``leaves``, as steps in the order in which they are done.

    Numbers are counted from the leaves on: 0 … n−1 are the leaves, n is the first step, and the last one is the
    result. A leaf that no step uses is allowed, and so is a step that the result doesn't need.

    Args:
        leaves: the point, one float per leaf.
        steps: the operations; an operand is the index of an earlier number, or a float for a constant.
        result: index of the result; the last number by default.

    Raises:
        ValueError: when a step uses a number that comes after it.
        TypeError: when called with another number of arguments than leaves.

    >>> from autograd_lite.primitives import TABLE
    >>> f = Expression([2.0, 5.0], [Step(TABLE["mul"], (0, 0)), Step(TABLE["add"], (2, 1))])
    >>> f(), f(3.0, 1.0)
    (9.0, 10.0)
    >>> print(f)
    v0 = 2.0
    v1 = 5.0
    v2 = mul(v0, v0)
    v3 = add(v2, v1)
    """

    __slots__ = ("leaves", "result", "steps")

    def __init__(self, leaves: Sequence[float], steps: Sequence[Step], result: int | None = None) -> None:
        self.leaves = tuple(float(x) for x in leaves)
        self.steps = tuple(steps)
        count = len(self.leaves) + len(self.steps)
        self.result = count - 1 if result is None else result
        for i, step in enumerate(self.steps):
            for operand in step.operands:
                if isinstance(operand, int) and not 0 <= operand < len(self.leaves) + i:
                    raise ValueError(
                        f"step {i} ({step.op.name}) uses number {operand}, which is not computed before it"
                    )
        if not 0 <= self.result < count:
            raise ValueError(f"the result is number {self.result}, and there are {count} numbers")

    @classmethod
    def of(cls, root: Any, inputs: Sequence[Any]) -> Expression:
        """The computation that recorded ``root``, as a function of ``inputs``; other leaves become constants.

        >>> import autograd_lite as ag
        >>> x, w = ag.Value(2.0), ag.Value(3.0)
        >>> print(Expression.of(x * w + 1, [x]))
        v0 = 2.0
        v1 = mul(v0, 3.0)
        v2 = add(v1, 1.0)
        """
        index = {id(node): i for i, node in enumerate(inputs)}
        steps: list[Step] = []
        for node in nodes_of(root):
            if isinstance(node._info, CheckpointOperands):  # stands for the node that the checkpoint recorded again
                index[id(node)] = index[id(rule_parents(node)[0])]
            elif node.op is not None and id(node) not in index:
                operands = tuple(
                    arg if isinstance(arg, float) else index.get(id(arg), float(arg.data)) for arg in node.args
                )
                index[id(node)] = len(inputs) + len(steps)
                steps.append(Step(node.op, operands))
        if id(root) not in index:  # a leaf that is not an input: a constant result
            return cls([node.data for node in inputs] + [root.data], [])
        return cls([node.data for node in inputs], steps, index[id(root)])

    @property
    def used(self) -> frozenset[int]:
        """The indices of the leaves that the result depends on."""
        n = len(self.leaves)
        needed = {self.result}
        for i in range(len(self.steps) - 1, -1, -1):
            if n + i in needed:
                needed.update(operand for operand in self.steps[i].operands if isinstance(operand, int))
        return frozenset(i for i in needed if i < n)

    @property
    def ops(self) -> frozenset[str]:
        """The names of the operations in it."""
        return frozenset(step.op.name for step in self.steps)

    def numbers(self, xs: Sequence[Any], call: Callable[[Primitive, list[Any]], Any] = apply) -> list[Any]:
        """Every number of the computation at ``xs``: the leaves, then each step's."""
        numbers = list(xs)
        for op, operands in self.steps:
            numbers.append(call(op, [numbers[i] if isinstance(i, int) else i for i in operands]))
        return numbers

    def __call__(self, *xs: Any) -> Any:
        """The result for ``xs``, which may be floats, Values or arrays; at its own leaves by default."""
        if xs and len(xs) != len(self.leaves):
            raise TypeError(f"this expression has {len(self.leaves)} leaves, not {len(xs)}")
        return self.numbers(xs or self.leaves)[self.result]

    def evaluate(self, namespace: Mapping[str, Callable[..., Any]], xs: Sequence[Any] | None = None) -> Any:
        """The result with another kind of number: ``namespace`` maps the name of each op to a function.

        The functions get the operands one by one (``dot`` gets x₁ … xₙ y₁ … yₙ); constants come as floats.

        >>> from fractions import Fraction
        >>> from autograd_lite.primitives import TABLE
        >>> f = Expression([0.5], [Step(TABLE["add"], (0, 0.25))])
        >>> f.evaluate({"add": lambda a, b: a + Fraction(b)}, [Fraction(1, 3)])
        Fraction(7, 12)
        """
        point = self.leaves if xs is None else xs
        return self.numbers(point, lambda op, args: namespace[op.name](*args))[self.result]

    def upto(self, index: int) -> Expression:
        """The part of the computation that gives number ``index``, and nothing else."""
        n = len(self.leaves)
        needed = {index}
        for i in range(index - n, -1, -1):
            if n + i in needed:
                needed.update(operand for operand in self.steps[i].operands if isinstance(operand, int))
        place = {i: i for i in range(n)}
        steps: list[Step] = []
        for i, (op, operands) in enumerate(self.steps):
            if n + i in needed:
                place[n + i] = n + len(steps)
                steps.append(Step(op, tuple(place[o] if isinstance(o, int) else o for o in operands)))
        return Expression(self.leaves, steps, place[index])

    def rounding(self, runs: int = 8, seed: int = 0, exact: bool = False) -> tuple[float, list[float]]:
        """How far rounding can move the value and its partial derivatives: Monte Carlo arithmetic.

        Every run moves the operands and the result of each op, each partial and each adjoint by one unit in the last
        place, up, down or not at all, at random; constants stay. (Parker, Monte Carlo Arithmetic, UCLA CSD-970002,
        1997; moving operands as well stands for the roundings inside an op, such as a dot product's.)

        Args:
            runs: how many runs.
            seed: of the random moves.
            exact: whether a leaf that is the only operand of its op stays as it is: sin at 1e14 is as exact as at 1.

        Returns:
            The largest deviation of the value, and of the derivative with respect to each leaf.

        >>> from autograd_lite.primitives import TABLE
        >>> f = Expression([1.0], [Step(TABLE["exp"], (0,)), Step(TABLE["sub"], (1, 2.718281828459045))])
        >>> f.rounding()[0] > 1e-16
        True
        """
        value, gradient = self._run(None)
        most, mosts = 0.0, [0.0] * len(gradient)
        for run in range(runs):
            moved, moves = self._run(random.Random(seed * 1000 + run), exact)
            most = max(most, _distance(moved, value))
            mosts = [max(m, _distance(a, b)) for m, a, b in zip(mosts, moves, gradient)]
        return most, mosts

    def _run(self, rng: random.Random | None, exact: bool = False) -> tuple[float, list[float]]:
        """Value and gradient on floats, every number moved by ``rng``."""
        numbers: list[Any] = list(self.leaves)
        partials: list[Any] = []
        for op, operands in self.steps:
            kept = len(self.leaves) if exact and len(operands) == 1 else 0
            given = [
                (numbers[i] if i < kept else _move(numbers[i], rng)) if isinstance(i, int) else i for i in operands
            ]
            args = _on_floats(op, given)
            out = float(op.fn(*args))
            numbers.append(_move(out, rng))
            partials.append(op.float_partials(out, *args))  # with its own result: max asks which operand it is
        n = len(self.leaves)
        adjoints = [0.0] * len(numbers)
        adjoints[self.result] = 1.0
        for i in range(len(self.steps) - 1, -1, -1):
            g = adjoints[n + i]
            if n + i > self.result or g == 0.0:
                continue
            for operand, partial in zip(self.steps[i].operands, partials[i]):
                if isinstance(operand, int):
                    term = _move(g * _move(partial, rng), rng)
                    adjoints[operand] = _move(adjoints[operand] + term, rng)
        return numbers[self.result], adjoints[:n]

    def __str__(self) -> str:
        n = len(self.leaves)
        lines = [f"v{i} = {x!r}" for i, x in enumerate(self.leaves)]
        for i, (op, operands) in enumerate(self.steps):
            shown = ", ".join(f"v{o}" if isinstance(o, int) else repr(o) for o in operands)
            lines.append(f"v{n + i} = {op.name}({shown})")
        if self.result != n + len(self.steps) - 1:
            lines.append(f"the result is v{self.result}")
        return "\n".join(lines)

    def __repr__(self) -> str:
        return f"<Expression\n{self}>"


def _move(x: float, rng: random.Random | None) -> float:
    """``x`` moved by a rounding unit up, down or not at all; an exact 0 stays: nothing was rounded."""
    if rng is None or x == 0.0:
        return x
    way = rng.randrange(3)
    return x if way == 0 else math.nextafter(x, math.inf if way == 1 else -math.inf)


def _distance(a: float, b: float) -> float:
    """|a − b|; 0 for two equal infinities and for two nans."""
    if a == b or (a != a and b != b):
        return 0.0
    d = abs(a - b)
    return d if d == d else math.inf
