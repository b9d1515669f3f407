"""Networks: compiled layers are the chapter's matrix equations, and train as the eager ones do."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest

import autograd_lite as ag
from autograd_lite import nn, optim

ACTIVATIONS = [nn.ReLU, nn.Tanh, nn.Sigmoid, nn.Softplus, nn.GELU, nn.SiLU, nn.ELU, nn.LeakyReLU]


def network(sizes, activation=nn.ReLU, seed=0):
    ag.manual_seed(seed)
    layers = []
    for a, b in pairwise(sizes):
        layers += [nn.Linear(a, b), activation()]
    return nn.Sequential(*layers[:-1])


def gradients(model, loss):
    for p in model.parameters():
        p.zero_grad()
    loss.backward()
    return [np.array(p.grad) for p in model.parameters()]


def batch(n, a, b, seed=0):
    rng = np.random.default_rng(seed)
    return rng.normal(size=(n, a)), rng.normal(size=(n, b))


@pytest.mark.parametrize("seed", range(12))
def test_random_networks(seed):
    rng = np.random.default_rng(seed)
    sizes = [int(n) for n in rng.integers(1, 7, size=rng.integers(2, 5))]
    model = network(sizes, ACTIVATIONS[seed % len(ACTIVATIONS)], seed)
    criterion = [nn.MSELoss(), nn.L1Loss(), nn.HuberLoss()][seed % 3]
    n = int(rng.integers(1, 5))
    x, y = batch(n, sizes[0], sizes[-1], seed)

    def f(x, y):
        return criterion(model(x), y)

    step = ag.compile(f)
    for _ in range(2):
        loss, expected = step(x, y), f(x, y)
        assert abs(loss.item() - expected.item()) <= 1e-12 * max(1.0, abs(expected.item()))
        for a, b in zip(gradients(model, step(x, y)), gradients(model, expected)):
            np.testing.assert_allclose(a, b, rtol=1e-10, atol=1e-13)
        for p in model.parameters():
            p.data += 0.1 * rng.normal(size=p.shape)


def figure_78():
    model = network([10, 40, 40, 5])
    criterion = nn.MSELoss()
    x, y = batch(10, 10, 5)
    return model, ag.compile(lambda x, y: criterion(model(x), y)), x, y


def test_figure_78_is_eleven_statements():
    _, step, x, y = figure_78()
    step(x, y)
    assert step.statements().count() <= 15
    assert sum(s.op == "matmul" and len(s.shape) == 2 for s in step.statements().statements) == 3
    for line in (
        "f0 = x @ W0.T + b0  # (10, 40)",
        "h1 = np.maximum(f0, 0.0)",
        "f1 = h1 @ W1.T + b1",
        "dW0 = df0.T @ x",
    ):
        assert line in step.source()


def test_source_of_a_small_network():
    model = network([2, 3, 1])
    step = ag.compile(lambda x, y: nn.MSELoss()(model(x), y))
    step(*batch(4, 2, 1))
    assert step.source().split("\n\n\n")[1] == SMALL


SMALL = """\
def program(x, y, W0, b0, W1, b1):
    f0 = x @ W0.T + b0  # (4, 3)
    h1 = np.maximum(f0, 0.0)  # (4, 3)
    f1 = h1 @ W1.T + b1  # (4, 1)
    t5 = f1 - y  # (4, 1)
    value = np.sum(t5 * t5) / 4.0
    df1 = t5 * 0.5  # (4, 1)
    db1 = np.sum(df1, 0)  # (1,)
    dh1 = df1 @ W1  # (4, 3)
    dW1 = df1.T @ h1  # (1, 3)
    df0 = np.heaviside(f0, 0.0) * dh1  # (4, 3)
    db0 = np.sum(df0, 0)  # (3,)
    dW0 = df0.T @ x  # (3, 2)
    return value, dW0, db0, dW1, db1
"""


def test_equations_are_the_chapters():
    _, step, x, y = figure_78()
    step(x, y)
    lines = str(step.equations()).splitlines()
    assert lines[:5] == ["f0 = β0 + x Ω0ᵀ", "h1 = relu f0", "f1 = β1 + h1 Ω1ᵀ", "h2 = relu f1", "f2 = β2 + h2 Ω2ᵀ"]
    assert "∂ℓ/∂f1 = I[f1 > 0] ⊙ ∂ℓ/∂h2" in lines
    assert "∂ℓ/∂Ω2 = ∂ℓ/∂f2ᵀ h2" in lines
    assert (
        r"\mathbf{f}_{0} &= \boldsymbol{\beta}_{0} + \mathbf{x} \boldsymbol{\Omega}_{0}^{\top}"
        in step.equations().latex
    )


def test_training_follows_the_eager_program():
    curves = []
    for compiled in (False, True):
        model = network([4, 8, 2])
        criterion = nn.MSELoss()
        optimizer = optim.SGD(model.parameters(), lr=0.1, momentum=0.9)

        def f(x, y, model=model, criterion=criterion):
            return criterion(model(x), y)

        step = ag.compile(f) if compiled else f
        losses = []
        for k in range(30):
            optimizer.zero_grad()
            loss = step(*batch(5, 4, 2, k))
            loss.backward()
            optimizer.step()
            losses.append(loss.item())
        curves.append(losses)
    np.testing.assert_allclose(curves[1], curves[0], rtol=1e-9)


def test_backward_twice_is_double_and_seeds_scale():
    model, step, x, y = figure_78()
    once = gradients(model, step(x, y))
    loss = step(x, y)
    twice = gradients(model, loss)
    loss.backward(3.0)
    loss.backward(3.0)
    for a, b, p in zip(once, twice, model.parameters()):
        np.testing.assert_array_equal(a, b)
        np.testing.assert_allclose(p.grad, 7.0 * a, rtol=1e-12)


def test_two_losses_alive_do_not_share_buffers():
    model, step, x, y = figure_78()
    first, second = step(x, y), step(2.0 * x, y)
    a = gradients(model, first)
    b = gradients(model, second)
    for p, q, r in zip(a, b, gradients(model, step(x, y))):
        np.testing.assert_array_equal(p, r)
        assert not np.array_equal(p, q)


def test_a_compiled_loss_in_a_larger_graph():
    model, step, x, y = figure_78()
    penalty = ag.Value(3.0)
    total = step(x, y) * penalty + penalty
    expected = [3.0 * g for g in gradients(model, step(x, y))]
    for a, b in zip(gradients(model, total), expected):
        np.testing.assert_allclose(a, b, rtol=1e-12)
    assert penalty.grad == step(x, y).item() + 1.0


def test_parameters_replaced_and_modes_switched():
    model, step, x, y = figure_78()
    before = step(x, y).item()
    model[0].weight = nn.Parameter(np.array(model[0].weight.data) * 2.0)
    after = step(x, y).item()
    assert before != after
    assert abs(after - nn.MSELoss()(model(x), y).item()) < 1e-12


def test_predictions_and_their_pullback():
    model = network([3, 5, 2])
    predict = ag.compile(lambda x: model(x))
    x, _ = batch(4, 3, 2)
    found, expected = predict(x), model(x)
    np.testing.assert_allclose([[v.data for v in row] for row in found], [[v.data for v in row] for row in expected])

    def loss(p):
        return ag.sum([v * v for row in p for v in row])

    total = loss(found)
    kept = np.array(model[0].weight.data)
    model[0].weight.data *= 5.0  # the gradient is that of the recorded point
    got = gradients(model, total)
    model[0].weight.data[...] = kept
    for a, b in zip(got, gradients(model, loss(expected))):
        np.testing.assert_allclose(a, b, rtol=1e-10)


def test_weight_decay_written_on_scalars():
    model = network([2, 4, 1])

    def f(x, y):
        data = nn.MSELoss()(model(x), y)
        return data + 1e-2 * sum(w * w for p in model.parameters() for w in p.values().ravel())

    step = ag.compile(f)
    x, y = batch(6, 2, 1)
    for _ in range(2):
        for a, b in zip(gradients(model, step(x, y)), gradients(model, f(x, y))):
            np.testing.assert_allclose(a, b, rtol=1e-10, atol=1e-14)
        for p in model.parameters():
            p.data *= 1.5


def test_micrograd_mlp():
    model = nn.MLP(2, [4, 1])
    step = ag.compile(lambda x: model(x) ** 2 if not isinstance(model(x), list) else model(x)[0] ** 2)
    value = step([0.5, -1.0])
    value.backward()
    got = [p.grad for p in model.parameters()]
    for p in model.parameters():
        p.grad = 0.0
    out = model([0.5, -1.0])
    (out**2 if not isinstance(out, list) else out[0] ** 2).backward()
    np.testing.assert_allclose(got, [p.grad for p in model.parameters()], rtol=1e-12)


def test_dropout_runs_eagerly_while_training():
    model = nn.Sequential(nn.Linear(2, 3), nn.Dropout(0.5))
    f = ag.compile(lambda x: ag.sum(np.ravel(model(x))))
    x = np.ones((1, 2))
    with pytest.raises(ag.compiler.CompileError, match="random"):
        ag.compile(lambda x: ag.sum(np.ravel(model(x))), strict=True)(x)
    with pytest.warns(ag.compiler.CompileWarning, match="while the model trains.*random"):
        f(x)
    assert len({repr(f(x)) for _ in range(20)}) > 1
    model.eval()
    assert abs(f(np.ones((1, 2))).item() - ag.sum(np.ravel(model(np.ones((1, 2))))).item()) < 1e-12


def test_hooks_on_single_weights_are_asked_in_compiled_steps_too():
    found = []
    for make in (lambda f: f, ag.compile):
        ag.manual_seed(0)
        model, seen, biases = nn.Sequential(nn.Linear(2, 3), nn.Tanh(), nn.Linear(3, 1)), [], []
        weight, bias = model[0].weight[1, 0], model[2].bias[0]
        weight.register_hook(lambda g, seen=seen: seen.append(g) or 10.0 * g)
        bias.register_hook(biases.append)
        step = make(lambda x, model=model: ag.sum(model(x)) ** 2)
        for _ in range(3):
            model.zero_grad()
            (2.0 * step([0.5, -1.0])).backward()
        found.append([*seen, *biases, *[g for p in model.parameters() for g in p.grad.ravel().tolist()]])
    assert found[1] == pytest.approx(found[0], rel=1e-12)
    assert len(found[0]) == 6 + 13
