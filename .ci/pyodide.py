"""What a browser's Python is asked to do with the pure wheel: the core without NumPy, the rest where there is NumPy."""

import importlib.util
import platform
import random
import sys

import autograd_lite as ag
from autograd_lite import Value, nn
from autograd_lite.cli import main

# NumPy's wheels for Pyodide are on its CDN alone (not on npm or PyPI): where that can't be reached, only the core runs
arrays = importlib.util.find_spec("numpy") is not None

assert ag.grad(lambda v: v**3)(2.0) == 12.0
x = Value(0.1, label="x")
y = ag.sin(ag.exp(x)).named("y")
y.backward()
assert abs(x.grad - 0.4962015369425969) < 1e-15
assert "0.4962" in str(ag.explain(y))
picture = ag.draw(y).pipe("svg")  # no program can be started here: the package's own layout
assert b"<svg" in picture
assert b"0.4962" in picture
assert "<svg" in y._repr_mimebundle_()["text/html"]
assert "srcdoc" in ag.explore(y)._repr_html_()

random.seed(1337)
model = nn.MLP(2, [16, 16, 1])
rows, targets = [[2.0, 3.0], [3.0, -1.0], [0.5, 1.0], [1.0, 1.0]], [1.0, -1.0, -1.0, 1.0]
losses = []
for _ in range(20):
    loss = sum((model(row) - target) ** 2 for row, target in zip(rows, targets))
    model.zero_grad()
    loss.backward()
    for p in model.parameters():
        p.data -= 0.002 * p.grad
    losses.append(loss.data)
assert losses[-1] < 0.5 * losses[0], losses
assert len(ag.draw(nn.MLP(3, [4, 4, 1])([1.0, 2.0, 3.0])).pipe("svg")) > 10000
main(["grad", "exp(x) * sin(y)", "x=0.5", "y=pi/4"])
assert ("numpy" in sys.modules) == arrays, "NumPy was imported for what doesn't need it"

if arrays:
    step = ag.compile(ag.vmap(ag.grad(lambda v: ag.sin(v) * v)))
    assert len(step([1.0, 2.0, 3.0])) == 3
    assert nn.Linear(2, 3)([[1.0, 2.0]]).shape == (1, 3)
print(f"autograd_lite on {platform.machine() or sys.platform}, Python {platform.python_version()}, NumPy: {arrays}")
