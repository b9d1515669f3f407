"""A GPT of loose scalars, Adam by hand: a program of the short kind, whose one import is the scalar with a gradient."""

import math
import random

from tests.one_import.plain_value import Value

WORDS = ["anna", "nora", "arno", "roan", "oran", "nara"]
LETTERS = [".", *sorted(set("".join(WORDS)))]
WIDTH, HEADS, LAYERS, LONGEST = 8, 2, 1, 6
chance = random.Random(7)


def matrix(rows, columns, spread=0.1):
    return [[Value(chance.gauss(0.0, spread)) for _ in range(columns)] for _ in range(rows)]


state = {"tokens": matrix(len(LETTERS), WIDTH), "places": matrix(LONGEST, WIDTH), "head": matrix(len(LETTERS), WIDTH)}
for i in range(LAYERS):
    for name in ("query", "key", "value", "out"):
        state[f"{i}.{name}"] = matrix(WIDTH, WIDTH)
    state[f"{i}.wide"], state[f"{i}.narrow"] = matrix(4 * WIDTH, WIDTH), matrix(WIDTH, 4 * WIDTH)
params = [p for rows in state.values() for row in rows for p in row]


def linear(x, w):
    return [sum(wi * xi for wi, xi in zip(row, x)) for row in w]


def softmax(logits):
    top = max(v.data for v in logits)
    raised = [(v - top).exp() for v in logits]
    total = sum(raised)
    return [e / total for e in raised]


def rmsnorm(x):
    mean = sum(v * v for v in x) / len(x)
    scale = (mean + 1e-5) ** -0.5
    return [v * scale for v in x]


def gpt(token, place, keys, values):
    x = rmsnorm([a + b for a, b in zip(state["tokens"][token], state["places"][place])])
    for i in range(LAYERS):
        before, x = x, rmsnorm(x)
        q = linear(x, state[f"{i}.query"])
        keys[i].append(linear(x, state[f"{i}.key"]))
        values[i].append(linear(x, state[f"{i}.value"]))
        mixed, size = [], WIDTH // HEADS
        for h in range(0, WIDTH, size):
            fits = [sum(q[h + j] * k[h + j] for j in range(size)) / size**0.5 for k in keys[i]]
            chosen = softmax(fits)
            mixed += [sum(c * v[h + j] for c, v in zip(chosen, values[i])) for j in range(size)]
        x = [a + b for a, b in zip(before, linear(mixed, state[f"{i}.out"]))]
        before, x = x, rmsnorm(x)
        x = [v.relu() for v in linear(x, state[f"{i}.wide"])]
        x = [a + b for a, b in zip(before, linear(x, state[f"{i}.narrow"]))]
    return linear(x, state["head"])


for p in params:
    p.m = p.v = 0.0  # Adam's moments lie on the scalars themselves
losses = []
for step in range(6):
    word = [0] + [LETTERS.index(letter) for letter in WORDS[step % len(WORDS)]] + [0]
    keys, values, terms = [[] for _ in range(LAYERS)], [[] for _ in range(LAYERS)], []
    for place in range(min(LONGEST, len(word) - 1)):
        probabilities = softmax(gpt(word[place], place, keys, values))
        terms.append(-probabilities[word[place + 1]].log())
    loss = (1 / len(terms)) * sum(terms)
    loss.backward()
    for p in params:
        p.m = 0.9 * p.m + 0.1 * p.grad
        p.v = 0.95 * p.v + 0.05 * p.grad**2
        p.data -= 0.02 * (p.m / (1 - 0.9 ** (step + 1))) / (math.sqrt(p.v / (1 - 0.95 ** (step + 1))) + 1e-8)
        p.grad = 0
    losses.append(loss.data)
