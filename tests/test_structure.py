"""The plan of the house, checked: which way the doors open, what an import loads, what recurses, what is public."""

from __future__ import annotations

import ast
import inspect
import subprocess
import sys
from pathlib import Path

import pytest

import autograd_lite as ag

PACKAGE = Path(ag.__file__).parent

#: the floor of every room; an import points to the same floor or further down, and never in a circle
FLOORS = {
    0: {"errors", "primitives", "nodes", "graph", "modes", "methods"},
    1: {"value", "backward", "arrays", "structure", "hooks", "linear", "life", "quiet"},
    2: {"functional", "batching", "scopes", "anomaly", "checkpoints", "inspection", "serialize", "testing", "notation"},
    3: {"drawing", "player", "compiler", "nn", "optim", "data", "files", "training", "utils"},
    4: {"chapter7", "expression", "cli", "__main__"},
    5: {"__init__"},
}
FLOOR = {room: floor for floor, rooms in FLOORS.items() for room in rooms}

#: functions that call themselves, however indirectly, and what bounds their depth (a graph's depth must not)
BOUNDED_RECURSION = {
    "the nesting of a user's argument or result: lists in dicts in tuples": [
        "structure:Structure._blocks",
        "structure:complex_arrays",
        "structure:contains_node",
        "structure:flatten",
        "structure:substitute",
        "testing.tree:complex_arrays",
        "batching:_measure batching:_stack batching:_listed batching:lane_of",
        "compiler.fast:_literal compiler.sparse:_arranged",
        "compiler.lanes:Lanes._stacked compiler.lanes:_has_statics compiler.lanes:_listed",
        "compiler.lanes:_Batches._split",
        "compiler.structure:fixed compiler.structure:has_integers compiler.structure:is_numeric",
        "compiler.structure:flatten compiler.structure:rebuild",
        "compiler.structure:leaves_of compiler.structure:assemble",
        "data:default_collate",
        "files:_flatten files:_flatten_dict files:_restore files:_restore_dict",
        "primitives.core:_elementwise primitives.core:dispatch",
        "primitives.statistics:_along_axis primitives.statistics:_componentwise",
    ],
    "one more step: a reflection below 0, a second try, a reshape of a reshape, a pair turned round": [
        "primitives.numerics:digamma primitives.numerics:polygamma",
        "compiler.api:Compiled._call",
        "compiler.lift:Lifted.gather",
        "compiler.statements:Builder.elementwise compiler.statements:Builder.numeric",
        "compiler.statements:Builder.broadcast compiler.statements:Builder.spread",
        "compiler.statements:Builder.reshape",
        "compiler.statements:Builder.transpose",
        "notation.formulas:_made",
    ],
    "functions written inside functions": ["compiler.watch:_names compiler.watch:_imports"],
    "the step of a loop, in which there are no loops": [
        "compiler.emit_source:_written compiler.reverse:adjoints",
        "compiler.equations:_Text.__init__ compiler.equations:_Text._write compiler.equations:_Text._loop",
        "compiler.emit_drjit:_written compiler.emit_drjit:_text compiler.emit_drjit:_for_each",
    ],
    "the parentheses of one line of a source": ["compiler.dialects:on_tensors"],
    "modules within modules, each once": ["compiler.watch:Watch._module"],
    "a parsed text, whose depth has a limit of its own": [
        "expression:_Evaluator.argument expression:_Evaluator.binary expression:_Evaluator.call",
        "expression:_Evaluator.condition expression:_Evaluator.unary expression:_Evaluator.visit",
    ],
    "a formula, cut off at a fixed size": ["notation.formulas:phrase_of_formula"],
    "the formula of one rule": ["player.ops:_Writer._count player.ops:_Writer.write"],
}
BOUNDED = {function for group in BOUNDED_RECURSION.values() for line in group for function in line.split()}


def modules():
    """Name → syntax tree of every module of the package."""
    found = {}
    for path in sorted(PACKAGE.rglob("*.py")):
        parts = path.relative_to(PACKAGE).with_suffix("").parts
        name = ".".join(parts[:-1] if parts[-1] == "__init__" and len(parts) > 1 else parts)
        found[name] = ast.parse(path.read_text(encoding="utf-8"), str(path))
    return found


MODULES = modules()


def is_package(name):
    return (PACKAGE / Path(*name.split("."))).is_dir()


def type_checking_only(tree):
    """The nodes under ``if TYPE_CHECKING:``, which do not run."""
    inside = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.dump(node.test):
            for statement in node.body:
                inside.update(map(id, ast.walk(statement)))
    return inside


def imports_of(name, tree):
    """The modules of the package that a module imports, inside its functions too."""
    skipped = type_checking_only(tree)
    inside = [] if name == "__init__" else name.split(".")
    here = inside if name == "__init__" or is_package(name) else inside[:-1]
    for node in ast.walk(tree):
        if id(node) in skipped:
            continue
        if isinstance(node, ast.Import):
            targets = [alias.name.split(".")[1:] for alias in node.names if alias.name.split(".")[0] == "autograd_lite"]
            yield from (".".join(t) or "__init__" for t in targets)
        elif isinstance(node, ast.ImportFrom):
            if node.level:
                base = here[: len(here) - node.level + 1] + (node.module.split(".") if node.module else [])
            elif (node.module or "").split(".")[0] == "autograd_lite":
                base = node.module.split(".")[1:]
            else:
                continue
            for alias in node.names:
                full = ".".join([*base, alias.name])
                yield full if full in MODULES else ".".join(base) or "__init__"


GRAPH = {name: set(imports_of(name, tree)) - {name} for name, tree in MODULES.items()}


def circles(graph):
    """The strongly connected parts of more than one node, or with an edge to itself (Tarjan's algorithm, iterative)."""
    index, low, on_stack, stack, found, counter = {}, {}, set(), [], [], 0
    for root in graph:
        if root in index:
            continue
        work = [(root, iter(graph[root]))]
        index[root] = low[root] = counter
        counter += 1
        stack.append(root)
        on_stack.add(root)
        while work:
            node, successors = work[-1]
            advanced = False
            for other in successors:
                if other not in graph:
                    continue
                if other not in index:
                    index[other] = low[other] = counter
                    counter += 1
                    stack.append(other)
                    on_stack.add(other)
                    work.append((other, iter(graph[other])))
                    advanced = True
                    break
                if other in on_stack:
                    low[node] = min(low[node], index[other])
            if advanced:
                continue
            work.pop()
            if work:
                low[work[-1][0]] = min(low[work[-1][0]], low[node])
            if low[node] == index[node]:
                part = set()
                while node not in part:
                    part.add(stack.pop())
                on_stack -= part
                if len(part) > 1 or node in graph[node]:
                    found.append(sorted(part))
    return found


def test_circles_are_seen():
    assert circles({"a": {"b"}, "b": {"c"}, "c": {"a"}, "d": {"d"}, "e": {"a"}}) == [["a", "b", "c"], ["d"]]


def room(name):
    return name.split(".")[0]


def test_no_import_cycles():
    # a package's __init__ and its own pages see each other by Python's rules; what counts is who asks for whom
    assert circles(GRAPH) == []
    rooms = {}
    for name, targets in GRAPH.items():
        rooms.setdefault(room(name), set()).update(room(t) for t in targets if room(t) != room(name))
    assert circles(rooms) == []


def test_every_room_has_a_floor():
    assert {room(name) for name in MODULES} <= set(FLOOR)


def test_imports_point_down():
    wrong = [
        f"{name} (floor {FLOOR[room(name)]}) imports {target} (floor {FLOOR[room(target)]})"
        for name, targets in GRAPH.items()
        for target in targets
        if room(name) in FLOOR and room(target) in FLOOR and FLOOR[room(target)] > FLOOR[room(name)]
    ]
    assert not wrong, "\n".join(wrong)


def test_the_import_is_light():
    program = "import sys, autograd_lite; print(*sorted(m.split('.')[0] for m in sys.modules))"
    loaded = set(
        subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True).stdout.split()
    )
    assert not loaded & {"numpy", "graphviz", "matplotlib", "scipy", "hypothesis", "IPython", "tqdm", "safetensors"}
    ours = "import sys, autograd_lite; print(*sorted(m for m in sys.modules if m.startswith('autograd_lite.')))"
    found = subprocess.run([sys.executable, "-c", ours], capture_output=True, text=True, check=True).stdout.split()
    rooms = {name.split(".")[1] for name in found}
    assert rooms <= FLOORS[0] | FLOORS[1], "rooms above the first floor are loaded when first used"


# --- recursion ------------------------------------------------------------------------------------------------------


def calls_within(tree):
    """Function → functions of the same module that it mentions: by name, or as a method of ``self``."""
    functions = {}
    for node in tree.body:
        if isinstance(node, ast.FunctionDef):
            functions[node.name] = (node, "")
        elif isinstance(node, ast.ClassDef):
            for item in node.body:
                if isinstance(item, ast.FunctionDef):
                    functions[f"{node.name}.{item.name}"] = (item, node.name)
    graph = {}
    for name, (node, owner) in functions.items():
        mentioned = set()
        for inner in (inner for statement in node.body for inner in ast.walk(statement)):
            if isinstance(inner, ast.Name):
                mentioned.add(inner.id)
            elif isinstance(inner, ast.Attribute) and isinstance(inner.value, ast.Name) and inner.value.id == "self":
                mentioned.add(f"{owner}.{inner.attr}")
        graph[name] = mentioned & set(functions)
    return graph


@pytest.mark.parametrize("name", sorted(MODULES))
def test_no_recursion(name):
    found = [
        part
        for part in circles(calls_within(MODULES[name]))
        if not {f"{name}:{function}" for function in part} <= BOUNDED
    ]
    assert not found, f"{name}: these call themselves; a graph may be a million nodes deep"


# --- size and words ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("path", sorted(PACKAGE.rglob("*.py")), ids=lambda p: str(p.relative_to(PACKAGE)))
def test_no_file_past_500_lines(path):
    assert len(path.read_text(encoding="utf-8").splitlines()) <= 500


@pytest.mark.parametrize("name", sorted(MODULES))
def test_modules_have_docstrings_and_no_star_exports(name):
    assert ast.get_docstring(MODULES[name]), f"{name} says nothing about itself"


#: the contract: names that programs outside rely on
PUBLIC = """
Value exp sin cos tan log sqrt tanh relu sigmoid softplus where maximum minimum dot sum prod mean logsumexp
softmax square reciprocal rsqrt logaddexp logaddexp2 xlogy xlog1py erf erfc erfinv gamma lgamma digamma sinc
sign floor ceil trunc round fmod remainder divmod copysign fmax fmin degrees radians dist log_softmax
logsigmoid silu gelu elu selu celu mish softsign relu6 heaviside smooth_maximum smooth_abs norm var std fsum
expm1 exp2 log1p log2 log10 cbrt asin acos atan atan2 sinh cosh asinh acosh atanh hypot clip leaky_relu abs
max min values grad value_and_grad vjp jvp jacobian hessian hvp primitive checkpoint no_grad detect_anomaly
topological_order draw explain explore vmap compile explain_nonfinite cost to_json from_json save load
manual_seed randn build_info zero_grad check_grads nn optim data testing
""".split()  # noqa: SIM905

INNER = {
    "nn": "Module Linear Sequential MLP Neuron Layer ReLU Tanh Sigmoid MSELoss init",
    "optim": "SGD Adam AdamW RMSprop lr_scheduler",
    "optim.lr_scheduler": "StepLR",
    "data": "TensorDataset DataLoader",
    "testing": "numerical_grad check_grads expressions values networks",
}


@pytest.mark.parametrize("name", PUBLIC)
def test_public_name(name):
    assert hasattr(ag, name)
    assert name in dir(ag)


@pytest.mark.parametrize(("place", "names"), INNER.items(), ids=INNER)
def test_public_names_of_rooms(place, names):
    home = ag
    for part in place.split("."):
        home = getattr(home, part)
    assert [name for name in names.split() if not hasattr(home, name)] == []


def documented():
    """Every public function and class of the package, by the name that users call it."""
    for name in sorted(set(dir(ag)) - {"nn", "optim", "data", "testing", "functional"}):
        if not name.startswith("_"):
            item = getattr(ag, name)
            if callable(item) and getattr(item, "__module__", "").startswith(ag.__name__):
                yield name, item
    for place in ("nn", "nn.init", "optim", "optim.lr_scheduler", "data", "testing"):
        home = ag
        for part in place.split("."):
            home = getattr(home, part)
        for name in getattr(home, "__all__", []):
            item = getattr(home, name)
            if not inspect.ismodule(item) and callable(item):
                yield f"{place}.{name}", item


def test_public_docstrings_have_an_example():
    """Their own, or one in the docstring of the page they are on."""
    silent, bare = [], []
    for name, item in documented():
        text = item.__doc__ or ""
        if isinstance(item, type) and text == (item.__mro__[1].__doc__ or ""):
            text = ""
        is_exception = isinstance(item, type) and issubclass(item, BaseException)
        if not text.strip():
            silent.append(name)
        elif ">>>" not in text + (sys.modules[item.__module__].__doc__ or "") and not is_exception:
            bare.append(name)
    assert not silent, f"without a docstring: {silent}"
    assert not bare, f"without an example: {bare}"
