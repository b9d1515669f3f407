"""The plan of the package, checked: which way imports point, what an import loads, what recurses, what is public."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from pathlib import Path

import pytest

import autograd_lite as ag

PACKAGE = Path(ag.__file__).parent

#: the layer of every package; an import points to the same layer or to one further down, and never in a circle
LAYERS = {
    0: {"errors", "primitives"},
    1: {"engine"},
    2: {"functional"},
    3: {"diagnostics", "io", "notation", "testing"},
    4: {"compiler", "data", "drawing", "explorer", "nn", "optim", "training", "utils"},
    5: {"chapter7", "cli", "__main__"},
    6: {"__init__"},
}
LAYER = {package: layer for layer, packages in LAYERS.items() for package in packages}

#: functions that call themselves, however indirectly, and what bounds their depth (a graph's depth must not)
BOUNDED_RECURSION = {
    "the nesting of a user's argument or result: lists in dicts in tuples": [
        "functional.pytree:Structure._blocks",
        "functional.pytree:complex_arrays",
        "functional.pytree:atoms",
        "functional.pytree:flatten",
        "functional.pytree:substitute",
        "testing.numbers:complex_arrays",
        "functional.vmap:_measure functional.vmap:_stack functional.vmap:_listed functional.vmap:lane_of",
        "compiler.call.kinds:display compiler.call.state:_without_integers",
        "compiler.record.containers:_Walk.tree compiler.record.containers:_Walk._made",
        "compiler.record.containers:_Walk._named compiler.record.containers:_Walk._row",
        "compiler.record.containers:_Walk._stacked compiler.record.containers:_signature",
        "compiler.call.forms:form_of compiler.call.c_forms:Forms.place",
        "compiler.call.forms:Form.all",
        "compiler.call.lanes:Mapped._made",
        "compiler.call.batches:Batches._split",
        "compiler.record.structure:fixed compiler.record.structure:flatten compiler.record.structure:rebuild",
        "compiler.record.arguments:_within",
        "compiler.record.structure:opaque compiler.record.structure:nudged",
        "data.loaders:default_collate",
        "io.state_files:_flatten io.state_files:_flatten_dict io.state_files:_restore io.state_files:_restore_dict",
        "primitives.primitive:_elementwise primitives.primitive:dispatch",
        "primitives.statistics:_along_axis primitives.statistics:_componentwise",
        "primitives.selection:_taken",
        "compiler.record.taking:_entry compiler.record.taking:indexable",
    ],
    "a list of shares": ["primitives.sequences:quantile"],
    "one more step: a reflection below 0, a second try, a reshape of a reshape, a pair turned round": [
        "primitives.numerics:digamma primitives.numerics:polygamma",
        "compiler.call.compiled:Compiled._call",
        "compiler.lift.lifted:Lifted.gather compiler.ir.rules:unsigned",
        "compiler.ir.array_program:Builder.elementwise compiler.ir.array_program:Builder.numeric",
        "compiler.ir.array_program:Builder.broadcast compiler.ir.array_program:Builder.spread",
        "compiler.ir.array_program:Builder.reshape",
        "compiler.ir.array_program:Builder.transpose",
        "notation.local_derivatives:_made",
    ],
    "pages of the table, each once": ["primitives.primitive:_float_scope"],
    "functions written inside functions": ["compiler.record.environment:_names compiler.record.environment:_imports"],
    "the nesting of a function's source, and of few calls": [
        "compiler.record.both_sides:Branch._bind compiler.record.both_sides:Branch._called",
        "compiler.record.both_sides:Branch._comparison compiler.record.both_sides:Branch._function",
        "compiler.record.both_sides:Branch.either compiler.record.both_sides:Branch.forked",
        "compiler.record.both_sides:Branch.run compiler.record.both_sides:Branch.truth",
        "compiler.record.both_sides:Branch.value",
        "compiler.record.lowering:_asking compiler.record.lowering:_is_simple",
        "compiler.record.lowering:_is_variable compiler.record.lowering:_returns",
    ],
    "the step of a loop, in which there are no loops": [
        "compiler.emit.printer:Printer.written compiler.derive.adjoint:adjoints",
        "compiler.equations.equations:_Text.__init__",
        "compiler.equations.equations:_Text._write compiler.equations.equations:_Text._loop",
    ],
    "what is written into one expression, at most NESTED deep": [
        "compiler.emit.targets.c_printer:Printer._at_flat compiler.emit.targets.c_printer:Printer._viewed",
        "compiler.emit.targets.c_printer:Printer.element",
    ],
    "modules within modules, each once": ["compiler.record.environment:Watch._module"],
    "a parsed text, whose depth has a limit of its own": [
        "cli.formula:_Evaluator.argument cli.formula:_Evaluator.binary cli.formula:_Evaluator.call",
        "cli.formula:_Evaluator.condition cli.formula:_Evaluator.unary cli.formula:_Evaluator.visit",
        "cli.formula:_Evaluator.apply",
    ],
    "a formula, cut off at a fixed size": ["notation.local_derivatives:phrase_of_formula"],
    "the formula of one rule": [
        "explorer.javascript_rules:_Writer._count explorer.javascript_rules:_Writer.write compiler.ir.rules:_patterns"
    ],
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


def imports_of(name, tree, types=False):
    """The modules of the package that a module imports, inside its functions too; those for ``types`` if wanted."""
    skipped = set() if types else type_checking_only(tree)
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


def package(name):
    return name.split(".")[0]


def test_no_import_cycles():
    # a package's __init__ and its own pages see each other by Python's rules; what counts is who asks for whom
    assert circles(GRAPH) == []
    packages = {}
    for name, targets in GRAPH.items():
        packages.setdefault(package(name), set()).update(package(t) for t in targets if package(t) != package(name))
    assert circles(packages) == []


#: the compiler's stages: an import only points to an earlier one, be it of a type alone
STAGES = ["ir", "record", "rewrite", "lift", "derive", "emit", "run", "equations", "call"]


def test_the_compilers_stages_are_in_order_and_without_circles_of_types():
    graph = {
        name: set(imports_of(name, tree, types=True)) - {name}
        for name, tree in MODULES.items()
        if name.startswith("compiler.") and name.count(".") == 2
    }
    assert {name.split(".")[1] for name in graph} == set(STAGES)
    assert circles(graph) == []
    for name, targets in graph.items():
        stage = STAGES.index(name.split(".")[1])
        late = [t for t in targets if t.startswith("compiler.") and STAGES.index(t.split(".")[1]) > stage]
        assert not late, f"{name} imports {late}"


def test_every_package_has_a_layer():
    assert {package(name) for name in MODULES} <= set(LAYER)


def test_imports_point_down():
    wrong = [
        f"{name} (layer {LAYER[package(name)]}) imports {target} (layer {LAYER[package(target)]})"
        for name, targets in GRAPH.items()
        for target in targets
        if package(name) in LAYER and package(target) in LAYER and LAYER[package(target)] > LAYER[package(name)]
    ]
    assert not wrong, "\n".join(wrong)


def test_the_import_is_light():
    program = "import sys, autograd_lite; print(*sorted(m.split('.')[0] for m in sys.modules))"
    loaded = set(
        subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True).stdout.split()
    )
    assert not loaded & {
        "numpy",
        "graphviz",
        "matplotlib",
        "scipy",
        "hypothesis",
        "IPython",
        "tqdm",
        "safetensors",
        "pickle",
        "tokenize",
    }
    ours = "import sys, autograd_lite; print(*sorted(m for m in sys.modules if m.startswith('autograd_lite.')))"
    found = subprocess.run([sys.executable, "-c", ours], capture_output=True, text=True, check=True).stdout.split()
    packages = {name.split(".")[1] for name in found}
    assert packages <= LAYERS[0] | LAYERS[1], "what is above the engine is loaded when first used"


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


def test_files_that_are_named_exist():
    """A comment or docstring that names a module by its file: ``engine/pickling.py``; ``file.py:12`` is any file."""
    known = {path.relative_to(PACKAGE).as_posix() for path in PACKAGE.rglob("*.*")}
    stale = []
    for path in (path for ending in ("py", "pxd", "pyi", "h", "js") for path in PACKAGE.rglob(f"*.{ending}")):
        for name in re.findall(r"`([\w/]+\.(?:py|pxd|pyi|js))`", path.read_text(encoding="utf-8")):
            if not any(f"/{file}".endswith(f"/{name}") for file in known):
                stale.append(f"{path.relative_to(PACKAGE)}: {name}")
    assert not stale


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
def test_public_names_of_packages(place, names):
    home = ag
    for part in place.split("."):
        home = getattr(home, part)
    assert [name for name in names.split() if not hasattr(home, name)] == []
