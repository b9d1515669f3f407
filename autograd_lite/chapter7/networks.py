"""The chapter's figures of numbers: 7.6 (the ReLU), 7.7 (initialisation), 7.8 (training); with matplotlib.

Every number comes from the engine: the derivative in 7.6 and the gradients in 7.7 are what ``backward()`` left in the
nodes, and 7.8 is the chapter's program, trained node by node.
"""

from __future__ import annotations

import html
import io
import math
import re
from dataclasses import dataclass
from functools import cache
from itertools import pairwise
from typing import Any

import numpy as np

from .. import nn
from ..data.datasets import TensorDataset
from ..data.loaders import DataLoader
from ..data.random import Generator
from ..drawing.style import palette
from ..engine.value import Value
from ..optim import SGD
from ..optim.lr_scheduler import StepLR
from ..primitives import TABLE
from .registry import Figure

__all__ = ["FIGURES", "VARIANCES", "Signal", "relu_and_derivative", "signal", "train"]

#: σ² of the weights in figure 7.7; 2/D_h = 0.02 is He initialisation
VARIANCES = (0.001, 0.01, 0.02, 0.1, 1.0)


# --- the numbers ------------------------------------------------------------------------------------------------------


def relu_and_derivative(points: list[float]) -> tuple[list[float], list[float]]:
    """The ReLU at some points, and its derivative there, from the engine.

    >>> relu_and_derivative([-1.0, 0.0, 2.0])
    ([0.0, 0.0, 2.0], [0.0, 0.0, 1.0])
    """
    values, derivatives = [], []
    for point in points:
        x = Value(point)
        y = TABLE["relu"](x)
        y.backward()
        values.append(y.data)
        derivatives.append(x.grad)
    return values, derivatives


@dataclass(frozen=True)
class Signal:
    """What becomes of a signal in a deep network.

    Attributes:
        forward: the variance over the hidden units of h₁ … h_K, in order; entry 0 is the input's.
        backward: the variance over the units of ∂ℓ/∂f₀ … ∂ℓ/∂f_{K−1}, in order.
    """

    forward: list[float]
    backward: list[float]


def signal(sigma2: float, layers: int = 50, units: int = 100, seed: int = 7) -> Signal:
    """One sample through the network of figure 7.7, forward and backward.

    The input is standard normal, the target 0, the loss least squares, the biases 0 and the weights normal.

    Args:
        sigma2: σ², the variance of the weights.
        layers: hidden layers.
        units: units in each of them, and inputs.
        seed: of the random numbers.

    >>> s = signal(0.02, layers=3, units=10)
    >>> len(s.forward), len(s.backward)
    (4, 3)
    """
    generator = Generator(seed)
    relu = nn.ReLU()
    h = generator.numpy.standard_normal(units)
    hidden, sums = [h], []
    for _ in range(layers):
        sums.append(_linear(units, units, sigma2, generator)(h))
        h = relu(sums[-1])
        hidden.append(h)
    loss = nn.MSELoss()(_linear(units, 1, sigma2, generator)(h), np.zeros(1))
    loss.backward()
    forward = [float(np.var([v.data if isinstance(v, Value) else v for v in layer.tolist()])) for layer in hidden]
    return Signal(forward, [float(np.var([f.grad for f in layer.tolist()])) for layer in sums])


def _linear(inputs: int, outputs: int, sigma2: float, generator: Generator) -> nn.Linear:
    layer = nn.Linear(inputs, outputs)
    nn.init.normal_(layer.weight, 0.0, math.sqrt(sigma2), generator)
    nn.init.zeros_(layer.bias)
    return layer


def train(epochs: int = 100, seed: int = 1) -> list[float]:
    """The program of figure 7.8: a 10-40-40-5 network on 100 random points, SGD with momentum and a falling rate.

    Args:
        epochs: how often the data are gone through, in batches of 10.
        seed: of the weights, the data and their order.

    Returns:
        The sum of the batches' losses in each epoch.

    >>> losses = train(epochs=3)
    >>> losses[2] < losses[0]
    True
    """
    generator = Generator(seed)
    sizes = (10, 40, 40, 5)
    layers: list[nn.Module] = []
    for inputs, outputs in pairwise(sizes):
        layer = nn.Linear(inputs, outputs)
        nn.init.kaiming_uniform_(layer.weight, generator=generator)
        nn.init.zeros_(layer.bias)
        layers += [layer, nn.ReLU()]
    model = nn.Sequential(*layers[:-1])
    criterion = nn.MSELoss()
    optimizer = SGD(model.parameters(), lr=0.1, momentum=0.9)
    scheduler = StepLR(optimizer, step_size=10, gamma=0.5)
    x, y = generator.numpy.standard_normal((100, sizes[0])), generator.numpy.standard_normal((100, sizes[-1]))
    loader = DataLoader(TensorDataset(x, y), batch_size=10, shuffle=True, generator=generator.numpy)
    losses = []
    for _ in range(epochs):
        epoch_loss = 0.0
        for x_batch, y_batch in loader:
            optimizer.zero_grad()
            loss = criterion(model(x_batch), y_batch)
            loss.backward()
            optimizer.step()
            epoch_loss += loss.item()
        scheduler.step()
        losses.append(epoch_loss)
    return losses


@cache
def _signals() -> dict[float, Signal]:
    return {sigma2: signal(sigma2) for sigma2 in VARIANCES}


@cache
def _losses() -> list[float]:
    return train()


# --- the pictures -----------------------------------------------------------------------------------------------------


def _axes(theme: str, width: float, height: float, panels: int = 1, **shared: Any) -> tuple[Any, Any]:
    """A figure of inches and its axes, in the colours of a theme, without a window system."""
    import matplotlib
    from matplotlib.backends.backend_svg import FigureCanvasSVG
    from matplotlib.figure import Figure as Canvas

    colours = palette(theme)
    style = {
        "font.size": 9.5,
        "text.color": colours["ink"],
        "axes.edgecolor": colours["edge"],
        "axes.facecolor": colours["page"],
        "axes.labelcolor": colours["ink"],
        "axes.titlesize": 10.5,
        "axes.spines.top": False,
        "axes.spines.right": False,
        "xtick.color": colours["muted"],
        "ytick.color": colours["muted"],
        "figure.facecolor": colours["page"],
        "grid.color": colours["cluster_line"],
        "grid.linewidth": 0.6,
    }
    with matplotlib.rc_context(style):
        canvas = Canvas(figsize=(width, height), layout="constrained")
        FigureCanvasSVG(canvas)
        return canvas, canvas.subplots(1, panels, **shared)


def _svg(canvas: Any, name: str) -> str:
    """The SVG document: the same for the same numbers, and with no style that would reach beyond it."""
    import matplotlib

    page = io.StringIO()
    with matplotlib.rc_context({"svg.hashsalt": name, "svg.fonttype": "path"}):
        canvas.savefig(page, format="svg", metadata={"Date": None, "Creator": None})
    text = re.sub(
        r"<style type=\"text/css\">.*?</style>|<metadata>.*?</metadata>", "", page.getvalue(), flags=re.DOTALL
    )
    return text.replace('<g id="figure_1">', '<g id="figure_1" stroke-linejoin="round" stroke-linecap="butt">', 1)


def relu_figure(theme: str = "light") -> str:
    """Figure 7.6: the ReLU and its derivative."""
    colours = palette(theme)
    points = [i / 50 for i in range(-100, 101)]
    values, derivatives = relu_and_derivative(points)
    canvas, axes = _axes(theme, 4.2, 3.0)
    axes.grid(True)
    axes.axhline(0.0, color=colours["edge"], linewidth=0.8)
    axes.axvline(0.0, color=colours["edge"], linewidth=0.8)
    axes.plot(points, values, color=colours["orange"], linewidth=4.5, label="ReLU[z]")
    jump = derivatives.index(1.0)
    for part in (slice(None, jump), slice(jump, None)):
        label = "∂ReLU[z]/∂z" if part.start else None
        axes.plot(points[part], derivatives[part], color=colours["value"], linewidth=2.2, label=label)
    axes.plot([0.0], [0.0], "o", color=colours["value"], markersize=4.5)
    axes.set(xlim=(-2, 2), ylim=(-0.5, 2), xlabel="z", ylabel="value", xticks=range(-2, 3))
    axes.legend(frameon=False, loc="upper left", labelcolor=colours["ink"])
    return _svg(canvas, "7.6")


def initialisation_figure(theme: str = "light") -> str:
    """Figure 7.7: the variance of the activations and of the gradients, layer by layer."""
    colours = palette(theme)
    shades = [colours["blue"], colours["partial"], colours["value"], colours["orange"], colours["grad"]]
    canvas, (left, right) = _axes(theme, 8.2, 3.5, panels=2, sharey=True)
    for (sigma2, found), shade in zip(_signals().items(), shades):
        layers = list(range(len(found.forward)))
        style = {"color": shade, "linewidth": 2.4 if sigma2 == 0.02 else 1.7}
        left.semilogy(layers, found.forward, **style)
        right.semilogy(layers, found.forward, color=shade, linewidth=1.0, linestyle=(0, (3, 2)))
        right.semilogy(layers[1:], found.backward, **style)
        name = rf"$\sigma_\Omega^2 = {sigma2:g}$" + (" (He)" if sigma2 == 0.02 else "")
        place = {
            "xytext": (5, -6 if sigma2 == 0.01 else 2),
            "textcoords": "offset points",
            "va": "center",
            "fontsize": 8.5,
            "color": shade,
        }
        left.annotate(name, (layers[-1], found.forward[-1]), **place)
    left.set(title="a)  forward: hidden units", xlabel="layer", ylabel="variance", xlim=(0, 50))
    right.set(title="b)  backward: gradients", xlabel="layer", xlim=(0, 50))
    right.annotate(
        "", xy=(0.34, 0.965), xytext=(0.66, 0.965), xycoords="axes fraction",
        arrowprops={"arrowstyle": "->", "color": colours["muted"]},
    )  # fmt: skip
    for axes in (left, right):
        axes.grid(True)
        axes.set_yticks([10.0**k for k in range(-150, 151, 50)])
        axes.minorticks_off()
    return _svg(canvas, "7.7")


def training_figure(theme: str = "light") -> str:
    """Figure 7.8: the loss of every epoch of the chapter's program."""
    colours = palette(theme)
    losses = _losses()
    canvas, axes = _axes(theme, 5.4, 3.0)
    for halving in range(10, len(losses), 10):
        axes.axvline(halving, color=colours["cluster_line"], linewidth=0.8)
    axes.plot(range(1, len(losses) + 1), losses, color=colours["grad"], linewidth=1.8)
    axes.annotate(
        f"{losses[-1]:.3f}", (len(losses), losses[-1]), xytext=(-2, 6), textcoords="offset points", ha="right",
        color=colours["grad"],
    )  # fmt: skip
    axes.set(xlim=(0, len(losses)), xlabel="epoch (the learning rate is halved at each line)", ylabel="loss")
    axes.set_ylim(bottom=0.0)
    return _svg(canvas, "7.8")


def _signal_table() -> str:
    """The ends of the curves of figure 7.7, as HTML."""
    rows = "".join(
        f"<tr><td>{sigma2:g}</td><td>{s.forward[0]:.3g}</td><td>{s.forward[-1]:.3g}</td><td>{s.backward[-1]:.3g}</td>"
        f"<td>{s.backward[0]:.3g}</td></tr>"
        for sigma2, s in _signals().items()
    )
    head = "".join(f"<th>{html.escape(name)}</th>" for name in ("σ²", "input", "h₅₀", "∂ℓ/∂f₄₉", "∂ℓ/∂f₀"))
    return f"<p>Variances at the two ends of the network:</p><table><tr>{head}</tr>{rows}</table>"


FIGURES: list[Figure] = [
    Figure(
        "7.6", "figure_7_6.svg", "The rectified linear unit and its derivative",
        "Below zero the unit is off and nothing passes back through it; above zero the gradient passes unchanged. At "
        "zero itself the derivative is taken to be 0 (dot).",
        relu_figure,
    ),
    Figure(
        "7.7", "figure_7_7.svg", "Weight initialisation",
        "50 hidden layers of 100 units. Only with He initialisation, σ² = 2/100, do activations (left; dashed on the "
        "right) and gradients (right) keep their size; smaller weights let them vanish, larger ones let them explode.",
        initialisation_figure, _signal_table,
    ),
    Figure(
        "7.8", "figure_7_8.svg", "Training a network, node by node",
        "A network of 10, 40, 40 and 5 units learns 100 random points in batches of 10, by stochastic gradient descent "
        "with momentum: 1000 graphs recorded and differentiated.",
        training_figure,
    ),
]  # fmt: skip
