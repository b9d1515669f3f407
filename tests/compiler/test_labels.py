"""Class labels and other integers as inputs of a program: one recording serves every batch."""

from __future__ import annotations

import numpy as np
import pytest

import autograd_lite as ag
from autograd_lite import nn
from autograd_lite.compiler import CompileWarning

from .oracle import evaluate

X = np.random.default_rng(1).normal(size=(6, 3))


def mlp(*last):
    return nn.Sequential(nn.Linear(3, 8), nn.ReLU(), nn.Linear(8, 4), *last)


def recordings(compiled):
    return sum(len(paths) for state in compiled._states for paths in state.entries.values())


def outcome(f, parameters, *args):
    """The loss and its gradients, or the error."""
    for p in parameters:
        p.grad = np.zeros(p.shape)
    try:
        loss = f(*args)
    except Exception as error:
        return type(error), str(error)
    loss = ag.sum(list(loss.ravel())) if isinstance(loss, np.ndarray) else loss
    loss.backward()
    return [loss.item(), *[np.array(p.grad) for p in parameters]]


def assert_same(compiled, f, parameters, *args):
    found, expected = (outcome(g, parameters, *args) for g in (compiled, f))
    if isinstance(expected, tuple):
        assert found == expected
    else:
        for a, b in zip(found, expected, strict=True):
            np.testing.assert_allclose(a, b, rtol=1e-9, atol=1e-13)


WEIGHT = [1.0, 2.0, 0.5, 4.0]
LOSSES = [
    (nn.CrossEntropyLoss(), ()),
    (nn.CrossEntropyLoss(weight=WEIGHT), ()),
    (nn.CrossEntropyLoss(weight=WEIGHT, label_smoothing=0.1), ()),
    (nn.CrossEntropyLoss(reduction="sum", weight=WEIGHT), ()),
    (nn.CrossEntropyLoss(reduction="none"), ()),
    (nn.CrossEntropyLoss(ignore_index=1), ()),
    (nn.CrossEntropyLoss(ignore_index=2, weight=WEIGHT, reduction="none"), ()),
    (nn.NLLLoss(), (nn.LogSoftmax(),)),
    (nn.NLLLoss(weight=WEIGHT, ignore_index=0), (nn.LogSoftmax(),)),
]


@pytest.mark.parametrize(("criterion", "last"), LOSSES)
def test_one_recording_for_all_labels(criterion, last):
    model = mlp(*last)
    parameters = list(model.parameters())

    def f(x, y):
        return criterion(model(x), y)

    compiled = ag.compile(f)
    rng = np.random.default_rng(0)
    for _ in range(5):
        assert_same(compiled, f, parameters, rng.normal(size=(6, 3)), rng.integers(0, 4, size=6))
    assert recordings(compiled) == 1
    for labels in ([3, 1, 0, 2, 2, 1], (3, 1, 0, 2, 2, 1), np.array([3, 1, 0, 2, 2, 1], dtype=np.uint8)):
        assert_same(compiled, f, parameters, X, labels)


@pytest.mark.parametrize(
    "labels",
    [
        [0, 1, 2, 3, 4, 0], [0, -1, 2, 3, 0, 0], [0, 1, 2, -100, 3, 0], [-100] * 6, [0.0, 1.0, 2.0, 3.0, 0.0, 1.0],
        [0, 1, 2], [], np.array([True] * 6), np.ones((6, 4), dtype=int), np.full((6, 4), 0.25), ["a"] * 6, None,
    ],
    ids=str,
)  # fmt: skip
def test_other_labels_do_what_they_do_in_plain_code(labels):
    model, criterion = mlp(), nn.CrossEntropyLoss()

    def f(x, y):
        return criterion(model(x), y)

    compiled = ag.compile(f)
    good = [3, 1, 0, 2, 2, 1]
    parameters = list(model.parameters())
    for y in (labels, good, labels, good):
        assert_same(compiled, f, parameters, X, y)
        assert_same(compiled, f, parameters, X, np.array(y) if type(y) is list and y else y)


def test_one_label():
    model, criterion = mlp(), nn.CrossEntropyLoss()

    def f(x, y):
        return criterion(model(x), y)

    compiled = ag.compile(f)
    for y in (0, 1, 2, 3, np.int64(1), -1, 4, 2.0, -100):
        assert_same(compiled, f, list(model.parameters()), X[0], y)
    assert recordings(compiled) == 1
    small = ag.compile(lambda a, b, k: nn.CrossEntropyLoss()([a, b], k))
    for k in (0, 1, 1):
        assert small(0.5, 2.0, k) == pytest.approx(nn.CrossEntropyLoss()([0.5, 2.0], k))
    with pytest.raises(TypeError, match="classes are integers"):
        small(0.5, 2.0, 1.0)


def test_embeddings():
    table, head, criterion = nn.Embedding(5, 3), nn.Linear(6, 4), nn.CrossEntropyLoss()
    parameters = [*table.parameters(), *head.parameters()]

    def f(tokens, y):
        return criterion(head(np.asarray(table(tokens)).reshape(len(y), -1)), y)

    compiled = ag.compile(f)
    rng = np.random.default_rng(0)
    for _ in range(4):
        assert_same(compiled, f, parameters, rng.integers(0, 5, size=(6, 2)), rng.integers(0, 4, size=6))
    assert recordings(compiled) == 1
    for tokens in (np.full((6, 2), 5), np.full((6, 2), -1), np.zeros((6, 2))):
        assert_same(compiled, f, parameters, tokens, np.zeros(6, dtype=int))


@pytest.mark.parametrize("backend", ["numpy", "jax", "torch"])
def test_sources_take_the_labels(backend):
    library = pytest.importorskip(backend)
    model, criterion = mlp(), nn.CrossEntropyLoss(ignore_index=1)
    step = ag.compile(lambda x, y: criterion(model(x), y))
    step(X, np.zeros(6, dtype=int))
    scope: dict = {}
    exec(step.source(backend), scope)
    labels = np.array([3, 1, 0, 2, 2, 1])
    blocks = [X, labels.astype(float), *[np.array(p.data) for p in model.parameters()]]
    given = [library.tensor(b) for b in blocks] if backend == "torch" else blocks
    assert float(scope[step.name](*given)[0]) == pytest.approx(criterion(model(X), labels).item())


def test_labels_beside_integers_that_count():
    model, criterion = mlp(), nn.CrossEntropyLoss()

    def f(x, y, n):
        return ag.sum([criterion(model(x), y) for _ in range(n)])

    compiled = ag.compile(f)
    rng = np.random.default_rng(0)
    for n in (1, 2, 2, 1, 2):
        assert_same(compiled, f, list(model.parameters()), X, rng.integers(0, 4, size=6), n)
    assert recordings(compiled) == 2
    assert_same(compiled, f, list(model.parameters()), X, np.full(6, 9), 2)
    assert recordings(compiled) == 2


def test_a_users_own_indexing_is_recorded_for_each_integer():
    def f(v, positions):
        return ag.sum([v[k] for k in positions])

    compiled = ag.compile(f)
    v = [1.0, 2.0, 4.0]
    with pytest.warns(CompileWarning, match="take"):
        assert [compiled(v, p) for p in ([0, 1], [2, 2], [-1, 0])] == [3.0, 8.0, 5.0]
    chosen = ag.compile(lambda x, k: x * {0: 2.0, 1: 5.0}[k])
    assert [chosen(3.0, k) for k in (0, 1, 0)] == [6.0, 15.0, 6.0]
    with pytest.raises(KeyError):
        chosen(3.0, 2)


def test_what_is_not_picked_has_no_influence():
    """log 0 in another class is −∞, with derivative 0 · ∞ if anything multiplied there."""
    criterion = nn.NLLLoss()

    def f(p, y):
        return criterion([[ag.log(x) for x in row] for row in p], y)

    p = [[0.5, 0.0, 0.5], [0.0, 1.0, 0.0]]
    for labels in ([0, 1], [2, 1]):
        for g in (ag.compile(ag.grad(f)), ag.compile(ag.vmap(ag.grad(lambda q, k: f([q], [k]))))):
            given = (np.array(p), np.array(labels))
            np.testing.assert_array_equal(g(*given) != 0.0, np.eye(3)[labels] != 0.0)
            assert np.isfinite(g(*given)).all()


def test_labels_under_vmap():
    criterion = nn.CrossEntropyLoss()
    plain = ag.vmap(ag.grad(lambda z, k: criterion(z, k)))
    compiled = ag.compile(plain)
    rng = np.random.default_rng(0)
    z = rng.normal(size=(9, 4))
    for _ in range(3):
        k = rng.integers(0, 4, size=9)
        np.testing.assert_allclose(compiled(z, k), plain(z, k), rtol=1e-12, atol=1e-15)
    assert compiled.kernels.cache_info().currsize == 1
    for wrong in (4, -1, -100):
        with pytest.raises((IndexError, ValueError)):
            compiled(z, np.full(9, wrong))
    with pytest.raises(TypeError):
        compiled(z, np.zeros(9))


def test_the_scalar_program_has_labels_too():
    criterion = nn.CrossEntropyLoss()
    compiled = ag.compile(lambda z, k: criterion(z, k))
    z = [[0.5, 2.0, -1.0], [1.0, 1.0, 0.0]]
    expected = criterion(z, [2, 0])
    assert compiled(z, [2, 0]) == pytest.approx(expected)
    numbers, held = evaluate(compiled.program, [z, [2.0, 0.0]])
    assert numbers == pytest.approx([expected])
    assert all(held)
    assert not all(evaluate(compiled.program, [z, [2.0, 3.0]])[1])


@pytest.mark.parametrize("kind", [lambda f: f, lambda f: ag.grad(f), lambda f: ag.grad(f, argnums=1)])
@pytest.mark.parametrize(
    "criterion", [nn.BCELoss(), nn.BCEWithLogitsLoss(), nn.BCEWithLogitsLoss(pos_weight=[2.0, 3.0]), nn.KLDivLoss()]
)
def test_targets_of_0_and_1_count_as_in_plain_code(criterion, kind):
    """0·∞ is nan: where the weight of a term is 0, plain code doesn't look at it."""
    plain = kind(lambda p, t: criterion(p, t))
    compiled = ag.compile(plain)
    points = [[0.5, 0.25], [1.0, 0.0], [0.0, 1.0]]
    for p in points if type(criterion) is nn.BCELoss else [*points, [np.inf, -np.inf]]:
        for t in ([1.0, 0.0], [0.25, 0.5], [0.0, 0.0]):
            np.testing.assert_allclose(compiled(p, t), plain(p, t), rtol=1e-12)
    values = [ag.Value(1.0), ag.Value(0.25)]  # targets that are differentiated are not constants
    found = []
    for f in (compiled, plain):
        if plain.__name__ == "<lambda>" and not hasattr(plain, "__transform__"):
            f([0.5, 0.25], values).backward()
            found.append([v.grad for v in values])
            for v in values:
                v.grad = 0.0
    if found:
        assert found[0] == pytest.approx(found[1])


def test_targets_of_a_margin_are_signs():
    hinge = nn.HingeLoss()
    compiled = ag.compile(lambda s, t: hinge(s, t))
    for t in ([1.0, -1.0], [-1, 1], [1.0, 1.0]):
        assert compiled([0.5, 3.0], t) == hinge([0.5, 3.0], t)
    for t in ([1.0, 0.0], [2, 1]):
        with pytest.raises(ValueError, match="targets of 1 and -1"):
            compiled([0.5, 3.0], t)


def test_the_short_call_takes_labels_and_nothing_else():
    model, criterion = nn.Linear(3, 40), nn.CrossEntropyLoss()

    def f(x, y):
        return criterion(model(x), y)

    compiled = ag.compile(f)
    parameters = list(model.parameters())
    good = np.array([3, 1, 0, 2, 2, 39])
    assert_same(compiled, f, parameters, X, good)
    assert compiled._fast is not None
    for y in (good[::-1], good.astype(np.int8), good.astype(float), good > 1, good + 1, -good, good[:5], good.tolist()):
        assert_same(compiled, f, parameters, X, y)
        assert_same(compiled, f, parameters, X.astype(np.float32), y)
    assert_same(compiled, f, parameters, X.astype(int), good)
    for argnums in (0, 1):
        gradient = ag.compile(ag.grad(lambda z, k: nn.CrossEntropyLoss()(z, k), argnums=argnums))
        z = np.random.default_rng(0).normal(size=(6, 40))
        if argnums:
            with pytest.raises(TypeError, match="classes are integers"):
                gradient(z, good)
        else:
            for y in (good, good[::-1]):
                np.testing.assert_allclose(gradient(z, y), ag.grad(lambda z, y=y: criterion(z, y))(z), rtol=1e-9)


TABLE = [0.5, 1.5, -2.5, 3.5]
ROWS = [[ag.Value(float(i + k)) for k in range(3)] for i in range(4)]


@pytest.mark.parametrize(
    ("f", "x"),
    [
        (lambda x, i: x * TABLE[i], 2.0),
        (lambda x, i: sum(w * x for w in ROWS[i]), 2.0),
        (lambda x, i: x * tuple(TABLE)[-1 - i], 2.0),
        (lambda x, i: sum(a * b for a, b in zip(x, ROWS[i])), [1.0, 2.0, 3.0]),
        (lambda x, i: x[i] * x[i], [1.0, 2.0, 3.0, 4.0]),
    ],
)
def test_a_list_indexed_by_an_integer_says_once_what_to_write(f, x):
    compiled = ag.compile(f)

    def agree(*integers):
        for k in integers:
            found, expected = compiled(x, k), f(x, k)
            assert float(getattr(found, "data", found)) == pytest.approx(float(getattr(expected, "data", expected)))

    agree(0, 0)  # one value may well be all there is
    with pytest.warns(CompileWarning, match=r"test_labels\.py:\d+: write ag\.take\(table, i\)") as caught:
        agree(1, 2, 3, 1, 0)
    assert len(caught) == 1
    assert compiled.eager is None


@pytest.mark.parametrize(
    "f",
    [
        lambda x, n: sum((x for _ in range(n)), 0.0),
        lambda x, n: x * ag.take(TABLE, n),
        lambda x, n: x * n,
        lambda x, n: x * "abcdef".count("a" * n),
    ],
)
def test_other_uses_of_integers_say_nothing_of_lists(f):
    compiled = ag.compile(f)
    for n in (1, 2, 3):
        assert compiled(2.0, n) == pytest.approx(f(2.0, n))
