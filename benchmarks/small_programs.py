"""Twenty small programs in plain scalar code: what compiling them gains, and how long the source becomes.

Run ``python -m benchmarks.small_programs``: for each program the time of a compiled gradient over the eager one's, and
the lines of its source.
"""

from __future__ import annotations

import math
import random
import statistics
import time
import warnings
from collections.abc import Callable, Sequence
from typing import Any

import autograd_lite as ag

__all__ = ["PROGRAMS", "measured"]

Vector = Sequence[Any]

_DRAW = random.Random(20)
SERIES = [math.sin(0.4 * k) + _DRAW.gauss(0.0, 0.1) for k in range(40)]
POINTS = [(_DRAW.gauss(0.0, 1.0), _DRAW.gauss(0.0, 1.0)) for _ in range(30)]
COSTS = [[_DRAW.uniform(0.5, 2.0) for _ in range(6)] for _ in range(6)]


def dot(a: Vector, b: Vector) -> Any:
    return sum(x * y for x, y in zip(a, b))


def option_price(p: Vector) -> Any:
    """Black and Scholes: spot, strike, rate, volatility, time."""
    spot, strike, rate, volatility, years = p
    width = volatility * years**0.5
    d = (ag.log(spot / strike) + (rate + volatility * volatility / 2) * years) / width
    return spot * ag.norm_cdf(d) - strike * ag.exp(-rate * years) * ag.norm_cdf(d - width)


def kalman_filter(p: Vector) -> Any:
    """The log likelihood of a local level: the noise of the state and of the observations."""
    level, variance, total = 0.0, 1.0, 0.0
    for y in SERIES:
        variance = variance + ag.exp(p[0])
        spread = variance + ag.exp(p[1])
        error = y - level
        total = total - 0.5 * (ag.log(spread) + error * error / spread)
        gain = variance / spread
        level = level + gain * error
        variance = (1.0 - gain) * variance
    return total


def runge_kutta(p: Vector) -> Any:
    """A damped pendulum, 30 steps of the classical method."""

    def slope(angle: Any, speed: Any) -> tuple[Any, Any]:
        return speed, -p[2] * speed - p[3] * ag.sin(angle)

    angle, speed, h = p[0], p[1], 0.05
    for _ in range(30):
        a1, s1 = slope(angle, speed)
        a2, s2 = slope(angle + h / 2 * a1, speed + h / 2 * s1)
        a3, s3 = slope(angle + h / 2 * a2, speed + h / 2 * s2)
        a4, s4 = slope(angle + h * a3, speed + h * s3)
        angle = angle + h / 6 * (a1 + 2 * a2 + 2 * a3 + a4)
        speed = speed + h / 6 * (s1 + 2 * s2 + 2 * s3 + s4)
    return angle * angle + speed * speed


def adaptive_steps(p: Vector) -> Any:
    """Heun's method for y' = −a·y³ with steps that the error chooses."""
    y, t, h = p[0], 0.0, 0.1
    while t < 1.0:
        k1 = -p[1] * y**3
        k2 = -p[1] * (y + h * k1) ** 3
        if abs(h * (k2 - k1)) < 0.05:
            y, t, h = y + h / 2 * (k1 + k2), t + h, min(h * 1.5, 0.3)
        else:
            h = h / 2
    return y


def cholesky(p: Vector) -> Any:
    """The log determinant of a 5 × 5 kernel matrix."""
    n = 5
    a = [[p[0] * ag.exp(-((i - j) ** 2) * p[1]) + (p[2] if i == j else 0.0) for j in range(n)] for i in range(n)]
    low: list[list[Any]] = [[0.0] * n for _ in range(n)]
    for i in range(n):
        for j in range(i + 1):
            rest = a[i][j] - sum(low[i][k] * low[j][k] for k in range(j))
            low[i][j] = rest**0.5 if i == j else rest / low[j][j]
    return sum(2.0 * ag.log(low[i][i]) for i in range(n))


def shortest_path(p: Vector) -> Any:
    """Dynamic programming over a grid of costs, with a soft minimum."""
    best = [[p[0] * COSTS[0][0]] + [0.0] * 5] + [[0.0] * 6 for _ in range(5)]
    for i in range(6):
        for j in range(6):
            before = [best[i - 1][j]] * (i > 0) + [best[i][j - 1]] * (j > 0)
            if before:
                best[i][j] = COSTS[i][j] * p[(i + j) % len(p)] - ag.logsumexp([-b for b in before])
    return best[5][5]


def forward_algorithm(p: Vector) -> Any:
    """A hidden Markov model of three states and twelve observations."""
    rows = [ag.softmax(p[3 * k : 3 * k + 3]) for k in range(3)]
    belief = [1 / 3] * 3
    total = 0.0
    for y in SERIES[:12]:
        seen = [sum(b * row[s] for b, row in zip(belief, rows)) * ag.exp(-((y - p[9 + s]) ** 2)) for s in range(3)]
        scale = sum(seen)
        total = total + ag.log(scale)
        belief = [b / scale for b in seen]
    return total


def k_means(p: Vector) -> Any:
    """The sum of squared distances to the nearer of two centres."""
    centres = [(p[0], p[1]), (p[2], p[3])]
    return sum(min((x - a) ** 2 + (y - b) ** 2 for a, b in centres) for x, y in POINTS)


def controller(p: Vector) -> Any:
    """A proportional, integral and derivative controller whose output saturates."""
    state, total, last, cost = 0.0, 0.0, 1.0, 0.0
    for _ in range(30):
        error = 1.0 - state
        total = total + error * 0.1
        signal = p[0] * error + p[1] * total + p[2] * (error - last) / 0.1
        last = error
        state = state + 0.1 * (max(-2.0, min(2.0, signal)) - state)
        cost = cost + error * error
    return cost


def viterbi(p: Vector) -> Any:
    """The best of all paths through three states."""
    score = [p[0], p[1], p[2]]
    for y in SERIES[:10]:
        score = [max(s + (p[3] if i == j else p[4]) for i, s in enumerate(score)) - (y - p[j]) ** 2 for j in range(3)]
    return max(score)


def n_body(p: Vector) -> Any:
    """Three bodies in a plane, ten leapfrog steps; the energy at the end."""
    x, v = list(p[:6]), list(p[6:])

    def forces(x: Vector) -> list[Any]:
        found: list[Any] = [0.0] * 6
        for a in range(3):
            for b in range(3):
                if a != b:
                    dx, dy = x[2 * b] - x[2 * a], x[2 * b + 1] - x[2 * a + 1]
                    pull = (dx * dx + dy * dy + 0.1) ** -1.5
                    found[2 * a] = found[2 * a] + dx * pull
                    found[2 * a + 1] = found[2 * a + 1] + dy * pull
        return found

    for _ in range(10):
        v = [s + 0.01 * f for s, f in zip(v, forces(x))]
        x = [a + 0.02 * s for a, s in zip(x, v)]
    return sum(s * s for s in v) / 2


def attention(p: Vector) -> Any:
    """Causal attention of six positions of three numbers each."""
    rows = [p[3 * k : 3 * k + 3] for k in range(6)]
    total = 0.0
    for t, query in enumerate(rows):
        weights = ag.softmax([dot(query, key) for key in rows[: t + 1]])
        mixed = [sum(w * row[j] for w, row in zip(weights, rows)) for j in range(3)]
        total = total + dot(mixed, mixed)
    return total


def lstm(p: Vector) -> Any:
    """One cell over forty numbers."""
    h, c = 0.0, 0.0
    for x in SERIES:
        take = ag.sigmoid(p[0] * x + p[1] * h + p[2])
        keep = ag.sigmoid(p[3] * x + p[4] * h + p[5])
        show = ag.sigmoid(p[6] * x + p[7] * h + p[8])
        c = keep * c + take * ag.tanh(p[9] * x + p[10] * h + p[11])
        h = show * ag.tanh(c)
    return h * h


def spline(p: Vector) -> Any:
    """Natural cubic spline through eight heights: the tridiagonal system, then its bending energy."""
    n = len(p)
    right = [6.0 * (p[k - 1] - 2.0 * p[k] + p[k + 1]) for k in range(1, n - 1)]
    diagonal: list[Any] = [4.0]
    for k in range(1, n - 2):
        diagonal.append(4.0 - 1.0 / diagonal[-1])
        right[k] = right[k] - right[k - 1] / diagonal[k - 1]
    bend: list[Any] = [right[-1] / diagonal[-1]]
    for k in range(n - 4, -1, -1):
        bend.insert(0, (right[k] - bend[0]) / diagonal[k])
    return sum(b * b for b in bend)


def root_finder(p: Vector) -> Any:
    """Newton's method for x·eˣ = a, until it has converged."""
    x = 0.5 + 0.0 * p[0]
    for _ in range(50):
        step = (x * ag.exp(x) - p[0]) / (ag.exp(x) * (1.0 + x))
        x = x - step
        if abs(step) < 1e-12:
            break
    return x * p[1]


def logistic_regression(p: Vector) -> Any:
    """Thirty points, two features and a bias."""
    total = 0.0
    for x, y in POINTS:
        z = p[0] * x + p[1] * y + p[2]
        total = total + ag.softplus(z) - (z if x > y else 0.0)
    return total / len(POINTS)


def network(p: Vector) -> Any:
    """Two inputs, four hidden neurons, one output, thirty points."""
    total = 0.0
    for x, y in POINTS:
        hidden = [ag.tanh(p[3 * k] * x + p[3 * k + 1] * y + p[3 * k + 2]) for k in range(4)]
        total = total + (dot(hidden, p[12:16]) + p[16] - x * y) ** 2
    return total


def gaussian_mixture(p: Vector) -> Any:
    """The log likelihood of three components in one dimension."""
    return sum(
        ag.logsumexp([p[k] - 0.5 * ((y - p[3 + k]) * ag.exp(-p[6 + k])) ** 2 - p[6 + k] for k in range(3)])
        for y in SERIES
    )


def random_walk(p: Vector) -> Any:
    """A second-order autoregression, and its squared errors."""
    return sum((y - p[0] * a - p[1] * b - p[2]) ** 2 for y, a, b in zip(SERIES[2:], SERIES[1:], SERIES))


def portfolio(p: Vector) -> Any:
    """The Sharpe ratio of softmax weights."""
    weights = ag.softmax(list(p))
    returns = [sum(w * SERIES[5 * day + k] for k, w in enumerate(weights)) for day in range(8)]
    mean = sum(returns) / len(returns)
    return mean / (sum((r - mean) ** 2 for r in returns) / len(returns)) ** 0.5


def _numbers(n: int, low: float = -1.0, high: float = 1.0) -> list[float]:
    return [_DRAW.uniform(low, high) for _ in range(n)]


#: the programs, each with a point
PROGRAMS: dict[str, tuple[Callable[[Vector], Any], list[float]]] = {
    "option price": (option_price, [100.0, 105.0, 0.02, 0.25, 0.75]),
    "Kalman filter": (kalman_filter, [-1.0, -2.0]),
    "Runge and Kutta": (runge_kutta, [1.0, 0.2, 0.3, 4.0]),
    "adaptive steps": (adaptive_steps, [1.5, 1.2]),
    "Cholesky": (cholesky, [1.3, 0.4, 0.2]),
    "shortest path": (shortest_path, _numbers(4, 0.5, 1.5)),
    "forward algorithm": (forward_algorithm, _numbers(12)),
    "k-means": (k_means, _numbers(4)),
    "controller": (controller, [3.0, 1.0, 0.1]),
    "Viterbi": (viterbi, _numbers(5)),
    "n bodies": (n_body, _numbers(12)),
    "attention": (attention, _numbers(18)),
    "LSTM": (lstm, _numbers(12)),
    "spline": (spline, _numbers(8)),
    "root finder": (root_finder, [2.0, 1.5]),
    "logistic regression": (logistic_regression, _numbers(3)),
    "network": (network, _numbers(17)),
    "Gaussian mixture": (gaussian_mixture, _numbers(9)),
    "autoregression": (random_walk, _numbers(3)),
    "portfolio": (portfolio, _numbers(5)),
}


def _time(call: Callable[[], Any], budget: float) -> float:
    """The median CPU time of one call."""
    times = []
    end = time.process_time() + budget
    while len(times) < 3 or time.process_time() < end:
        begin = time.process_time()
        call()
        times.append(time.process_time() - begin)
    return statistics.median(times)


def measured(name: str, budget: float = 0.2) -> tuple[float, int]:
    """Compiled over eager time of a program's value and gradient at points that move, and the lines of its source."""
    f, point = PROGRAMS[name]
    plain, fast = ag.value_and_grad(f), ag.compile(ag.value_and_grad(f))
    moved = random.Random(1)

    def near() -> list[float]:
        return [x * (1.0 + 0.01 * moved.uniform(-1.0, 1.0)) for x in point]

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ag.compiler.CompileWarning)
        for _ in range(60):  # the long run: ways through the function that are tried by now
            fast(near())
        ratio = _time(lambda: fast(near()), budget) / _time(lambda: plain(near()), budget)
        return ratio, len(fast.source().splitlines())


def main() -> None:
    """Print the table."""
    print(f"{'program':22}{'compiled / eager':>18}{'lines':>8}")
    for name in PROGRAMS:
        ratio, lines = measured(name)
        print(f"{name:22}{ratio:18.3f}{lines:8}")


if __name__ == "__main__":
    main()
