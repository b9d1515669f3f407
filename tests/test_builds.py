"""What the native build would do otherwise if nothing were done: the same errors on both builds, and never a crash."""

from __future__ import annotations

import ast
import gc
import importlib
import inspect
import os
import subprocess
import sys
import weakref
from pathlib import Path

import numpy as np
import pytest

import autograd_lite as ag
from autograd_lite import Value, nn
from autograd_lite.primitives.sums import NATIVE


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
    if NATIVE:  # its fields are never empty: it is a leaf, 0.0
        use(Forgetful())
        assert (Forgetful().data, Forgetful().parents, (Forgetful() + 1).data) == (0.0, (), 1.0)
    else:
        with pytest.raises(AttributeError, match="attribute '_"):
            use(Forgetful())


@pytest.mark.parametrize("yes", [True, 1, np.True_, "yes"])
def test_create_graph_is_anything_true(yes):
    x = Value(3.0)
    (x * x).backward(create_graph=yes)
    assert x.grad.parents
    x.grad = None
    (x * x).backward(create_graph=0)
    assert x.grad == 6.0


def test_an_argument_by_name():
    x = Value(0.5)
    assert ag.sin(x=x).parents == (x,)
    with pytest.raises(TypeError, match=r"sin takes 1 argument\(s\)"):
        ag.sin(x, x)
    with pytest.raises(TypeError, match=r"sin takes 1 argument\(s\)"):
        ag.sin()
    with pytest.raises(TypeError, match="argument"):
        ag.sin(t=x)


def test_a_class_goes_with_its_last_object():
    class Local(Value):
        pass

    class Held(Value):
        pass

    Held.one = Held(1.0)  # a cycle
    seen = weakref.ref(Local), weakref.ref(Held)
    (Local(1.0) * Held(2.0)).backward()
    assert seen[0]() is Local
    assert seen[1]() is Held
    del Local, Held
    gc.collect()
    assert [ref() for ref in seen] == [None, None]


def ran(script):
    """What a Python of its own prints for ``script``."""
    command = [sys.executable, "-W", "ignore", "-c", script]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, env={**os.environ, "PYTHONUTF8": "1"})
    assert done.returncode == 0, done.stderr
    return done.stdout.split()


FORKING = """
import os, signal, threading
from autograd_lite import Value
x = Value(2.0)
inside, go = threading.Event(), threading.Event()
h = x * x
h.register_hook(lambda g: (inside.set(), go.wait(30)) and None)
other = threading.Thread(target=h.backward)
other.start()
inside.wait(30)
child = os.fork()
if not child:
    signal.alarm(10)
    (Value(1.0) * 3.0).backward()
    os._exit(7)
print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
go.set()
other.join()
print(x.grad)
h = x * x
h.register_hook(lambda g: within.append(os.fork()))
within = []
h.backward()
(x * 1.0).backward()
if not within[0]:
    os._exit(int(x.grad))
print(os.waitstatus_to_exitcode(os.waitpid(within[0], 0)[1]))
"""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork here")
def test_a_child_process_waits_for_no_sweep_of_its_parent():
    assert ran(FORKING) == ["7", "4.0", "9"]


APART = '''
import sys
try:
    import _interpreters as apart
except ImportError:
    import _xxsubinterpreters as apart
script = f"""import sys
sys.path[:] = {sys.path!r}
try:
    import autograd_lite
except ImportError:
    print("refused", flush=True)
"""
for _ in range(3):
    place = apart.create()
    apart.run_string(place, script)
    apart.destroy(place)
import autograd_lite as ag
print(ag.grad(ag.sin)(0.0), flush=True)
'''


@pytest.mark.skipif(not NATIVE or sys.version_info < (3, 11), reason="the plain source serves every interpreter")
def test_compiled_modules_refuse_other_interpreters():
    assert ran(APART) == ["refused"] * 3 + ["1.0"]


AGAIN = """
import sys
import autograd_lite as before
x = before.Value(2.0)
y = before.sin(x) * x
before.compile(lambda t: t * t)(1.0), before.nn
for _ in range(2):
    for name in [name for name in sys.modules if name.split(".")[0] == "autograd_lite"]:
        del sys.modules[name]
    import autograd_lite as ag
    a = ag.Value(3.0)
    b = ag.nn.Linear(1, 1)([a * a])[0] - a
    b.backward()
    assert len(ag.topological_order(b)) == 6, ag.topological_order(b)
    with ag.no_grad():
        assert (a * a).parents == ()
    assert ag.compile(ag.grad(lambda t: t * t * t))(2.0) == 12.0
    assert ag.errors.GraphChangedError is ag.GraphChangedError
y.backward()
print("ok")
"""


@pytest.mark.skipif(NATIVE, reason="compiled modules are loaded once")
def test_the_plain_package_imported_a_second_time():
    assert ran(AGAIN) == ["ok"]


ONCE = """
import importlib, sys
import autograd_lite as ag
assert importlib.reload(ag).Value is ag.Value
for name in [name for name in sys.modules if name.split(".")[0] == "autograd_lite"]:
    del sys.modules[name]
try:
    import autograd_lite
except ImportError as error:
    print("start Python again" in str(error))
"""


@pytest.mark.skipif(not NATIVE, reason="the plain source may be imported as often as one likes")
def test_the_compiled_package_refuses_a_second_import():
    assert ran(ONCE) == ["True"]


@pytest.mark.parametrize("name", ["exp", "relu", "maximum", "atan2", "clip", "norm", "dot"])
def test_signatures_and_help(name):
    op = getattr(ag, name)
    assert inspect.signature(op) == inspect.signature(op.fn)
    assert op.__doc__
    text = inspect.getdoc(ag.exp).partition("\n\n>>>")[0]  # the examples call the function
    assert text
    assert inspect.getdoc(Value.exp) == text
    source = ast.parse((Path(ag.__file__).parent / "engine" / "value.py").read_text(encoding="utf-8"))
    init = next(x for x in ast.walk(source) if isinstance(x, ast.FunctionDef) and x.name == "__init__")
    written = [arg.arg for arg in (*init.args.args[1:], *init.args.kwonlyargs)]
    assert [*inspect.signature(Value).parameters] == written
    assert "Propagate derivatives" in inspect.getdoc(Value.backward)
    assert [*inspect.signature(Value.backward).parameters][:3] == ["self", "seed", "create_graph"]
    with pytest.raises(AttributeError, match="a primitive has no 'colour'"):
        _ = op.colour


OPERATORS = ["add", "sub", "mul", "truediv", "floordiv", "mod", "divmod"]


@pytest.mark.parametrize("name", [f"__{side}{name}__" for name in OPERATORS for side in ("", "r")])
def test_operators_have_signatures(name):
    assert [*inspect.signature(getattr(Value, name)).parameters] == ["self", "other"]
    assert [*inspect.signature(getattr(Value(1.0), name)).parameters] == ["other"]


def written(path):
    """The functions of a source that anybody may call, by their qualified names."""
    for node in ast.parse(path.read_text(encoding="utf-8")).body:
        owner = f"{node.name}." if isinstance(node, ast.ClassDef) else ""
        for function in node.body if owner else [node]:
            if isinstance(function, ast.FunctionDef) and not function.decorator_list and function.name[0] != "_":
                yield f"{owner}{function.name}", function


def taken(arguments):
    """The names of a function's parameters, with their defaults where these are literals."""
    positional = [*arguments.posonlyargs, *arguments.args]
    defaults = [None] * (len(positional) - len(arguments.defaults)) + list(arguments.defaults)
    found = [(a.arg, d) for a, d in zip(positional, defaults)]
    found += [(arguments.vararg.arg, None)] if arguments.vararg else []
    found += [(a.arg, d) for a, d in zip(arguments.kwonlyargs, arguments.kw_defaults)]
    found += [(arguments.kwarg.arg, None)] if arguments.kwarg else []
    empty = inspect.Parameter.empty
    return [(name, empty if d is None else d.value if isinstance(d, ast.Constant) else ...) for name, d in found]


SETUP = ast.parse((Path(__file__).parents[1] / "setup.py").read_text(encoding="utf-8"))
HOT = next(
    ast.literal_eval(n.value) for n in SETUP.body if isinstance(n, ast.Assign) and n.targets[0].id == "HOT_MODULES"
)


def compiled_functions():
    for module in HOT:
        for name, function in written(Path(ag.__file__).parent / f"{module}.py"):
            item = importlib.import_module(f"autograd_lite.{module.replace('/', '.')}")
            for part in name.split("."):
                item = getattr(item, part, None)
            if item is not None:  # None is what only compiled code can call
                yield pytest.param(item, function, id=f"{module}:{name}")


@pytest.mark.parametrize(("item", "function"), [*compiled_functions()])
def test_compiled_or_not_help_says_what_the_source_says(item, function):
    assert ast.get_docstring(function) in (inspect.getdoc(item), None)  # (or it inherits one)
    said = [(p.name, p.default) for p in inspect.signature(item).parameters.values()]
    source = taken(function.args)
    assert [name for name, _ in said] == [name for name, _ in source]
    assert [(a, b) for (_, a), (_, b) in zip(said, source) if b is not ... and a != b] == []
