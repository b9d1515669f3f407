"""The chapter's graphs as live Values, at the chapter's own numbers."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from .. import nn
from ..engine.sweeps import topological_order
from ..engine.value import Value
from ..primitives.elementary import exp
from ..primitives.reductions import sum as total
from ..primitives.trigonometric import cos, sin

__all__ = ["Layered", "domke", "layered_network", "toy_chain"]


def domke(x: float = 0.1) -> dict[str, Value]:
    """The graph of problems 7.12 and 7.13: y = exp(f3) + sin(f3) with f3 = exp x + (exp x)².

    Args:
        x: the point.

    Returns:
        The nodes by name, in the order in which they are computed; ``y`` is the output.

    Source: figure 7.9 of Understanding Deep Learning, after Domke (2010).

    >>> nodes = domke()
    >>> nodes["y"].backward()
    >>> nodes["x"].grad
    33.90776829990312
    """
    start = Value(x, label="x")
    f1 = exp(start).named("f1")
    f2 = (f1**2).named("f2")
    f3 = (f1 + f2).named("f3")
    f4 = exp(f3).named("f4")
    f5 = sin(f3).named("f5")
    y = (f4 + f5).named("y")
    return {"x": start, "f1": f1, "f2": f2, "f3": f3, "f4": f4, "f5": f5, "y": y}


def toy_chain(
    beta: Iterable[float] = (1.0, 2.0, -3.0, 0.4),
    omega: Iterable[float] = (0.1, -0.4, 2.0, 3.0),
    x: float = 2.3,
    y: float = 2.0,
) -> dict[str, Value]:
    """The chain of figures 7.3 to 7.5: sin, exp and cos between four linear functions, and a least-squares loss.

    Args:
        beta: the four biases β₀ … β₃.
        omega: the four slopes ω₀ … ω₃.
        x: the input.
        y: the target, a constant: nothing is differentiated with respect to it.

    Returns:
        The nodes by name: the parameters beta0, omega0 …, x, then f0, h1, f1 … f3 and loss, in the order of
        computation.

    Source: equations 7.8 to 7.10 and the numbers of the exercise that goes with them.

    >>> nodes = toy_chain()
    >>> nodes["loss"].backward()
    >>> round(nodes["loss"].data, 3), round(nodes["omega0"].grad, 3)
    (0.139, 5.246)
    """
    nodes: dict[str, Value] = {}
    for k, (b, w) in enumerate(zip(beta, omega, strict=True)):
        nodes[f"beta{k}"] = Value(b, label=f"beta{k}")
        nodes[f"omega{k}"] = Value(w, label=f"omega{k}")
    nodes["x"] = hidden = Value(x, label="x")
    for k, activation in enumerate((sin, exp, cos, None)):
        f = nodes[f"beta{k}"] + nodes[f"omega{k}"] * hidden
        nodes[f"f{k}"] = f.named(f"f{k}")
        if activation is not None:
            nodes[f"h{k + 1}"] = hidden = activation(f).named(f"h{k + 1}")
    nodes["loss"] = ((nodes["f3"] - y) ** 2).named("ell")
    return nodes


@dataclass
class Layered:
    """A small network as live Values.

    Attributes:
        layers: the units of each layer, the inputs first, the outputs last.
        weights: for each layer after the inputs, a row of weights for each unit.
        loss: the least-squares loss.
    """

    layers: list[list[Value]] = field(default_factory=list)
    weights: list[list[list[Value]]] = field(default_factory=list)
    loss: Value = field(default_factory=lambda: Value(0.0))

    def downstream(self, start: Value) -> set[int]:
        """Ids of the nodes on whose way to the loss ``start`` lies, itself included: found in the live graph."""
        reached = {id(start)}
        for node in topological_order(self.loss):
            if any(id(parent) in reached for parent in node.parents):
                reached.add(id(node))
        return reached


def layered_network(sizes: Iterable[int] = (3, 4, 2, 3, 2)) -> Layered:
    """The network of figures 7.1 and 7.2, an ``nn.MLP``: ReLU layers, linear outputs, least-squares loss against 0.

    Args:
        sizes: units in each layer, from the inputs to the outputs.

    Returns:
        The live network; weights are chosen so that every hidden unit is active.

    >>> net = layered_network()
    >>> [len(layer) for layer in net.layers]
    [3, 4, 2, 3, 2]
    """
    first, *rest = sizes
    model = nn.MLP(first, rest)
    net = Layered([[Value(0.5 + 0.25 * i, label=f"x{i + 1}") for i in range(first)]])
    for k, layer in enumerate(model.layers, 1):
        units, inputs = layer.weight.shape
        layer.weight.data = [[0.2 + 0.1 * ((i + 2 * j) % 5) for i in range(inputs)] for j in range(units)]
        layer.bias.data = 0.1
        name = f"h{k}_" if layer.nonlin else "f"
        outputs = layer(net.layers[-1])
        net.layers.append([unit.named(f"{name}{j}") for j, unit in enumerate(outputs, 1)])
        net.weights.append([neuron.w for neuron in layer.neurons])
    net.loss = total([output**2 for output in net.layers[-1]]).named("ell")
    return net
