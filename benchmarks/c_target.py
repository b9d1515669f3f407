"""Programs in C against C written by hand, CasADi's C and JAX: ``python -m benchmarks.c_target``.

One process and one thread; every round calls each in turn, and the medians of CPU time count. All C is built by the
same compiler with the same options. "By hand" is an extension module written with NumPy's C API, which takes an array
and returns a new one, as our call does; of many points it returns an array for each derivative, as ours, or all in
one. "Kernel" is the same C with its memory prepared, called by ctypes (of many points, all in one). CasADi's
generated C runs on prepared memory, and "called" with an array.
"""

from __future__ import annotations

import argparse
import ctypes
import importlib.util
import statistics
import subprocess
import sysconfig
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np

import autograd_lite as ag
from autograd_lite.compiler.call import c_library

from . import problems

KERNELS = r"""
#include <math.h>
static void chain(const double *p, double *dp, long n, double *t) {
  double v = p[0], g = 1.0;
  for (long i = 0; i < n; i++) t[i] = v = tanh(v * 1.01 + 0.01);
  for (long i = n; i-- > 0;) g *= (1.0 - t[i] * t[i]) * 1.01;
  dp[0] = g;
}
static void rosenbrock(const double *x, double *g, long n, double *t) {
  (void)t;
  for (long i = 0; i < n; i++) g[i] = 0.0;
  for (long i = 0; i + 1 < n; i++) {
    double u = 200.0 * (x[i + 1] - x[i] * x[i]);
    g[i] -= 2.0 * x[i] * u + 2.0 * (1.0 - x[i]);
    g[i + 1] += u;
  }
}
static void speelpenning(const double *x, double *g, long n, double *t) {
  double p = 1.0;
  for (long i = 0; i < n; i++) { t[i] = p; p *= x[i]; }
  p = 1.0;
  for (long i = n; i-- > 0;) { g[i] = t[i] * p; p *= x[i]; }
}
static void toy(const double *p, double x, double y, double *g) {
  double f0 = p[0] + p[4] * x, h1 = sin(f0), f1 = p[1] + p[5] * h1, h2 = exp(f1);
  double f2 = p[2] + p[6] * h2, h3 = cos(f2), g3 = 2.0 * (p[3] + p[7] * h3 - y);
  double g2 = -sin(f2) * p[7] * g3, g1 = h2 * p[6] * g2, g0 = cos(f0) * p[5] * g1;
  g[0] = g0; g[1] = g1; g[2] = g2; g[3] = g3; g[4] = g0 * x; g[5] = g1 * h1; g[6] = g2 * h2; g[7] = g3 * h3;
}
static void points(const double *p, const double *x, const double *y, double *g, long n) {
  for (long i = 0; i < n; i++) toy(p, x[i], y[i], g + 8 * i);
}
"""
EXTENSION = r"""
#define PY_SSIZE_T_CLEAN
#include <Python.h>
#define NPY_NO_DEPRECATED_API NPY_1_7_API_VERSION
#include <numpy/arrayobject.h>
static double space[200000];
#define IS_ARRAY(x) (PyArray_CheckExact(x) && PyArray_TYPE((PyArrayObject *)x) == NPY_DOUBLE && \
                     PyArray_IS_C_CONTIGUOUS((PyArrayObject *)x))
static PyObject *call(PyObject *x, void (*f)(const double *, double *, long, double *), long n) {
  if (!IS_ARRAY(x)) { PyErr_SetString(PyExc_TypeError, "an array"); return NULL; }
  PyObject *g = PyArray_SimpleNew(1, PyArray_DIMS((PyArrayObject *)x), NPY_DOUBLE);
  if (g == NULL) return NULL;
  if (n == 0) n = PyArray_SIZE((PyArrayObject *)x);
  f(PyArray_DATA((PyArrayObject *)x), PyArray_DATA((PyArrayObject *)g), n, space);
  return g;
}
static PyObject *chain_3(PyObject *self, PyObject *x) { return call(x, chain, 333); }
static PyObject *chain_4(PyObject *self, PyObject *x) { return call(x, chain, 3333); }
static PyObject *chain_5(PyObject *self, PyObject *x) { return call(x, chain, 33333); }
static PyObject *py_rosenbrock(PyObject *self, PyObject *x) { return call(x, rosenbrock, 0); }
static PyObject *py_speelpenning(PyObject *self, PyObject *x) { return call(x, speelpenning, 0); }
static PyObject *py_points(PyObject *self, PyObject *const *a, Py_ssize_t count) {
  npy_intp shape[2];
  if (count != 3 || !IS_ARRAY(a[0]) || !IS_ARRAY(a[1]) || !IS_ARRAY(a[2])) return PyErr_BadArgument(), NULL;
  shape[0] = PyArray_SIZE((PyArrayObject *)a[1]); shape[1] = 8;
  PyObject *g = PyArray_SimpleNew(2, shape, NPY_DOUBLE);
  if (g == NULL) return NULL;
  points(PyArray_DATA((PyArrayObject *)a[0]), PyArray_DATA((PyArrayObject *)a[1]), PyArray_DATA((PyArrayObject *)a[2]),
         PyArray_DATA((PyArrayObject *)g), shape[0]);
  return g;
}
static PyObject *py_points_apart(PyObject *self, PyObject *const *a, Py_ssize_t count) {
  if (count != 3 || !IS_ARRAY(a[0]) || !IS_ARRAY(a[1]) || !IS_ARRAY(a[2])) return PyErr_BadArgument(), NULL;
  npy_intp n = PyArray_SIZE((PyArrayObject *)a[1]);
  const double *p = PyArray_DATA((PyArrayObject *)a[0]);
  const double *x = PyArray_DATA((PyArrayObject *)a[1]), *y = PyArray_DATA((PyArrayObject *)a[2]);
  PyObject *found = PyTuple_New(8);
  double *g[8], one[8];
  for (int k = 0; found != NULL && k < 8; k++) {
    PyObject *part = PyArray_SimpleNew(1, &n, NPY_DOUBLE);
    if (part == NULL) Py_CLEAR(found);
    else { g[k] = PyArray_DATA((PyArrayObject *)part); PyTuple_SET_ITEM(found, k, part); }
  }
  if (found == NULL) return NULL;
  for (npy_intp i = 0; i < n; i++) {
    toy(p, x[i], y[i], one);
    for (int k = 0; k < 8; k++) g[k][i] = one[k];
  }
  return found;
}
static PyMethodDef methods[] = {
  {"chain_1e3", chain_3, METH_O, NULL}, {"chain_1e4", chain_4, METH_O, NULL}, {"chain_1e5", chain_5, METH_O, NULL},
  {"rosenbrock", py_rosenbrock, METH_O, NULL}, {"speelpenning", py_speelpenning, METH_O, NULL},
  {"points", (PyCFunction)(void *)py_points, METH_FASTCALL, NULL},
  {"points_apart", (PyCFunction)(void *)py_points_apart, METH_FASTCALL, NULL}, {NULL, NULL, 0, NULL}};
static struct PyModuleDef definition = {PyModuleDef_HEAD_INIT, "byhand", NULL, -1, methods, NULL, NULL, NULL, NULL};
PyMODINIT_FUNC PyInit_byhand(void) { import_array(); return PyModule_Create(&definition); }
"""


def built(folder: Path, name: str, source: str, *more: str) -> Path:
    """A library."""
    (folder / f"{name}.c").write_text(source)
    target = folder / f"{name}.so"
    compiler = c_library.c_compiler()
    if compiler is None:
        raise RuntimeError("no C compiler on PATH")
    command = [*compiler, *c_library.FLAGS, *more, str(folder / f"{name}.c"), "-o", str(target), "-lm"]
    subprocess.run(command, check=True, capture_output=True)
    return target


def by_hand(folder: Path) -> tuple[Any, Any]:
    """The extension module, and its kernels as a plain library."""
    paths = [f"-I{sysconfig.get_path('include')}", f"-I{np.get_include()}"]
    path = built(folder, "byhand", KERNELS + EXTENSION, *paths)
    spec = importlib.util.spec_from_file_location("byhand", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    kernels = ctypes.CDLL(str(built(folder, "kernels", KERNELS.replace("static void", "void"))))
    return module, kernels


def prepared(kernel: Any, *given: Any) -> Callable[[], Any]:
    """A call of a kernel on arrays, which it keeps, and counts."""
    found = [ctypes.c_void_p(x.ctypes.data) if isinstance(x, np.ndarray) else ctypes.c_long(x) for x in given]
    return lambda _alive=given: kernel(*found)


def casadi_c(folder: Path, name: str, f: Any, point: Any, derivative: str) -> tuple[Any, Any]:
    """CasADi's generated C on prepared memory, and called with an array; None where CasADi is not installed."""
    try:
        import casadi as ca
    except ImportError:
        return None, None
    m = SimpleNamespace(sin=ca.sin, cos=ca.cos, exp=ca.exp, tanh=ca.tanh, relu=lambda x: ca.fmax(x, 0.0))
    p = ca.SX.sym("p", len(point))
    y = f(m, [p[i] for i in range(len(point))])
    found = ca.gradient(y, p) if derivative == "gradient" else ca.hessian(y, p)[0]
    made = ca.Function(name, [p], [ca.densify(found)])
    (folder / f"{name}.c").write_text("")
    made.generate(f"{name}.c")
    Path(f"{name}.c").replace(folder / f"{name}.c")
    target = built(folder, name, (folder / f"{name}.c").read_text())
    g = ca.external(name, str(target))
    x, out = np.array(point, dtype=float), np.zeros(len(point) ** (1 if derivative == "gradient" else 2))
    buffer, trigger = g.buffer()
    buffer.set_arg(0, memoryview(x))
    buffer.set_res(0, memoryview(out))

    def step(_alive: Any = (g, buffer, x)) -> Any:
        trigger()
        return out

    return step, lambda: g(x)


def jax_step(name: str, point: Any, derivative: str) -> Callable[[], Any] | None:
    """JAX's jit, on an array of JAX's that is there already; None where JAX is not installed, or takes minutes."""
    try:
        import jax
        import jax.numpy as jnp
    except ImportError:
        return None
    jax.config.update("jax_enable_x64", True)
    jax.config.update("jax_platforms", "cpu")
    x = jnp.array(point)

    def chained(p: Any) -> Any:
        n = int(float(name.split("_")[1])) // 3
        return jax.lax.scan(lambda v, _: (jnp.tanh(v * 1.01 + 0.01), None), p[0], None, length=n)[0]

    def rosenbrock(p: Any) -> Any:
        return (100.0 * (p[1:] - p[:-1] ** 2) ** 2 + (1.0 - p[:-1]) ** 2).sum()

    f = {"chain": chained, "rosenbrock": rosenbrock, "speelpenning": jnp.prod}.get(name.split("_")[0])
    if f is None:
        return None
    g = jax.jit(jax.grad(f) if derivative == "gradient" else jax.hessian(f))
    return lambda: g(x).block_until_ready()


def rows(folder: Path, peers: bool) -> dict[str, dict[str, Callable[[], Any]]]:
    """For each workload the ways to run it."""
    module, kernels = by_hand(folder)
    found: dict[str, dict[str, Callable[[], Any] | None]] = {}
    for name in ("chain_1e3", "chain_1e4", "chain_1e5", "rosenbrock_100", "rosenbrock_1000", "speelpenning_1000"):
        f, point = problems.SCALAR[name]
        x, g, space = np.array(point), np.zeros(len(point)), np.zeros(200_000)
        count = int(float(name.split("_")[1])) // 3 if "chain" in name else len(point)
        hand = getattr(module, name if "chain" in name else name.split("_")[0])
        kernel = getattr(kernels, name.split("_")[0])
        ours, default = (ag.compile(ag.grad(lambda p, f=f: f(ag, p)), backend=b) for b in ("c", "default"))
        numbers = list(map(float, point))
        lists = ag.compile(ag.grad(lambda p, f=f: f(ag, p)), backend="c")
        ways: dict[str, Callable[[], Any] | None] = {
            "c": lambda ours=ours, x=x: ours(x),
            "c, lists": lambda lists=lists, numbers=numbers: lists(numbers),
            "default": lambda default=default, x=x: default(x),
            "by hand": lambda hand=hand, x=x: hand(x),
            "kernel": prepared(kernel, x, g, count, space),
        }
        if peers:
            if name != "chain_1e5":
                ways["casadi"], ways["casadi, called"] = casadi_c(folder, name, f, point, "gradient")
            ways["jax"] = jax_step(name, point, "gradient")
        found[name] = ways
    found["toy"] = toy()
    found["toy_100k"] = toy_points(module, kernels)
    f, point = problems.SCALAR["rosenbrock_10"]
    x = np.array(point)
    ours, default = (ag.compile(ag.hessian(lambda p: f(ag, p)), backend=b) for b in ("c", "default"))
    found["hessian_rosenbrock_10"] = {"c": lambda: ours(x), "default": lambda: default(x)}
    if peers:
        prepared_call, called = casadi_c(folder, "hessian_10", f, point, "hessian")
        found["hessian_rosenbrock_10"] |= {"casadi": prepared_call, "casadi, called": called}
        found["hessian_rosenbrock_10"]["jax"] = jax_step("rosenbrock_10", point, "hessian")
    g, start = problems.SCALAR["unstructured_1e4"]
    z = np.array(start)
    first, second = (ag.compile(ag.value_and_grad(lambda p: g(ag, p)), backend=b) for b in ("c", "default"))
    found["unstructured_1e4"] = {"c": lambda: first(z), "default": lambda: second(z)}
    return {name: {way: step for way, step in ways.items() if step is not None} for name, ways in found.items()}


def toy() -> dict[str, Callable[[], Any] | None]:
    """The gradient of the toy chain at one point."""
    f, point = problems.SCALAR["toy"]
    ours, default = (
        ag.compile(ag.grad(lambda *p: f(ag, p), argnums=tuple(range(8))), backend=b) for b in ("c", "default")
    )
    return {"c": lambda: ours(*point), "default": lambda: default(*point)}


def toy_points(module: Any, kernels: Any) -> dict[str, Callable[[], Any] | None]:
    """The same at 100,000 points."""
    from .peers.points import toy_points as given

    b, w, x, y = given()
    p = [float(v) for v in (*b, *w)]
    x, y, parameters, out = np.array(x), np.array(y), np.array(p), np.zeros(8 * len(x))
    gradient = ag.grad(lambda *a: problems.toy(ag, a[:8], a[8], a[9]), argnums=tuple(range(8)))
    ours, default = (ag.compile(ag.vmap(gradient, in_axes=(*[None] * 8, 0, 0)), backend=b) for b in ("c", "default"))
    return {
        "c": lambda: ours(*p, x, y),
        "default": lambda: default(*p, x, y),
        "by hand": lambda: module.points_apart(parameters, x, y),
        "by hand, one array": lambda: module.points(parameters, x, y),
        "kernel": prepared(kernels.points, parameters, x, y, out, len(x)),
    }


def timed(ways: dict[str, Callable[[], Any]], rounds: int) -> dict[str, float]:
    """Median CPU seconds of a call, each way in turn."""
    counts, found = {}, {}
    for way, step in ways.items():
        for _ in range(3):
            step()
        start, count = time.process_time(), 0
        while time.process_time() - start < 0.01:
            step()
            count += 1
        counts[way], found[way] = count, []
    for _ in range(rounds):
        for way, step in ways.items():
            start = time.process_time()
            for _ in range(counts[way]):
                step()
            found[way].append((time.process_time() - start) / counts[way])
    return {way: statistics.median(times) for way, times in found.items()}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=31)
    parser.add_argument("--only", default="", help="rows whose names begin so")
    parser.add_argument("--no-peers", action="store_true")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        columns = ["c", "c, lists", "default", "by hand", "by hand, one array", "kernel"]
        columns += ["casadi", "casadi, called", "jax"]
        print(f"| µs | {' | '.join(columns)} |\n|---|{'---:|' * len(columns)}")
        for name, ways in rows(Path(folder), not asked.no_peers).items():
            if name.startswith(asked.only):
                found = timed(ways, asked.rounds)
                cells = [f"{found[way] * 1e6:.3g}" if way in found else "" for way in columns]
                print(f"| {name} | {' | '.join(cells)} |", flush=True)


if __name__ == "__main__":
    main()
