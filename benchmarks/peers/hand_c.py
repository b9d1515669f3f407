"""Hand-written C, compiled when the workload starts with whatever compiler is on PATH: the limit."""

from __future__ import annotations

import ctypes
import shutil
import subprocess
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

from ..problems import SCALAR, TOY_DATA, TOY_POINT
from ..scalar import Step

SOURCE = r"""
#include <math.h>
#include <stdlib.h>
void toy(const double *p, double x, double y, double *g) {
  double f0 = p[0] + p[4] * x, h1 = sin(f0), f1 = p[1] + p[5] * h1, h2 = exp(f1);
  double f2 = p[2] + p[6] * h2, h3 = cos(f2), g3 = 2.0 * (p[3] + p[7] * h3 - y);
  double g2 = -sin(f2) * p[7] * g3, g1 = h2 * p[6] * g2, g0 = cos(f0) * p[5] * g1;
  g[0] = g0; g[1] = g1; g[2] = g2; g[3] = g3; g[4] = g0 * x; g[5] = g1 * h1; g[6] = g2 * h2; g[7] = g3 * h3;
}
double toy_sum(const double *p, double x, double y) {
  double g[8], s = 0.0;
  toy(p, x, y, g);
  for (int i = 0; i < 8; i++) s += g[i];
  return s;
}
double toy_many(const double *p, const double *x, const double *y, double *g, long n) {
  double s = 0.0;
  for (long i = 0; i < n; i++) {
    toy(p, x[i], y[i], g + 8 * i);
    for (int k = 0; k < 8; k++) s += fabs(g[8 * i + k]);
  }
  return s;
}
double chain(double x, long n) {
  double *t = malloc(n * sizeof *t), v = x, g = 1.0;
  for (long i = 0; i < n; i++) t[i] = v = tanh(v * 1.01 + 0.01);
  for (long i = n; i-- > 0;) g *= (1.0 - t[i] * t[i]) * 1.01;
  free(t);
  return g;
}
double rosenbrock(const double *x, double *g, long n) {
  double s = 0.0;
  for (long i = 0; i < n; i++) g[i] = 0.0;
  for (long i = 0; i + 1 < n; i++) {
    double u = 200.0 * (x[i + 1] - x[i] * x[i]);
    g[i] -= 2.0 * x[i] * u + 2.0 * (1.0 - x[i]);
    g[i + 1] += u;
  }
  for (long i = 0; i < n; i++) s += g[i];
  return s;
}
"""


def library() -> Any:
    compiler = shutil.which("cc") or shutil.which("gcc") or shutil.which("clang")
    if compiler is None:
        raise RuntimeError("no C compiler on PATH")
    folder = Path(tempfile.mkdtemp())
    (folder / "hand.c").write_text(SOURCE)
    target = folder / "hand.so"
    subprocess.run([compiler, "-O3", "-shared", "-fPIC", str(folder / "hand.c"), "-o", str(target), "-lm"], check=True)
    found = ctypes.CDLL(str(target))
    shutil.rmtree(folder)
    for name in ("toy_sum", "toy_many", "chain", "rosenbrock"):
        getattr(found, name).restype = ctypes.c_double
    return found


def array(values: Any) -> Any:
    return (ctypes.c_double * len(values))(*values)


def toy() -> Step:
    f, p = library().toy_sum, array(TOY_POINT)
    x, y = map(ctypes.c_double, TOY_DATA)
    return lambda: float(f(p, x, y))


def toy_100k() -> Step:
    from .points import toy_points

    b, w, x, y = toy_points()
    f, p, xs, ys, n = library().toy_many, array([*b, *w]), array(x), array(y), len(x)
    out = (ctypes.c_double * (8 * n))()
    return lambda: float(f(p, xs, ys, out, ctypes.c_long(n)))


def chain(name: str) -> Callable[[], Step]:
    def make() -> Step:
        f, n = library().chain, ctypes.c_long(int(float(name.split("_")[1])) // 3)
        return lambda: float(f(ctypes.c_double(0.5), n))

    return make


def rosenbrock(name: str) -> Callable[[], Step]:
    def make() -> Step:
        point = SCALAR[name][1]
        f, x, g, n = library().rosenbrock, array(point), array(point), ctypes.c_long(len(point))
        return lambda: float(f(x, g, n))

    return make


WORK: dict[str, Callable[[], Step]] = {
    "toy": toy,
    "toy_100k": toy_100k,
    **{name: chain(name) for name in ("chain_1e3", "chain_1e4", "chain_1e5", "chain_1e6")},
    **{name: rosenbrock(name) for name in ("rosenbrock_10", "rosenbrock_100", "rosenbrock_1000")},
}


def version() -> str:
    compiler = shutil.which("cc") or "cc"
    return subprocess.run([compiler, "--version"], capture_output=True, text=True, check=False).stdout.splitlines()[0]
