"""The lecture's network: neurons as lists of scalars, gradients set to zero in a loop, plain descent."""

import itertools
import random

from tests.one_import.plain_value import Value

chance = random.Random(4)


class Neuron:
    def __init__(self, inputs, bends):
        self.bends = bends
        self.w = [Value(chance.uniform(-1, 1)) for _ in range(inputs)]
        self.b = Value(0.0)

    def __call__(self, x):
        out = sum((wi * xi for wi, xi in zip(self.w, x)), self.b)
        return out.relu() if self.bends else out

    def parameters(self):
        return [*self.w, self.b]


class Layer:
    def __init__(self, inputs, outputs, bends):
        self.neurons = [Neuron(inputs, bends) for _ in range(outputs)]

    def __call__(self, x):
        outs = [neuron(x) for neuron in self.neurons]
        return outs[0] if len(outs) == 1 else outs

    def parameters(self):
        return [p for neuron in self.neurons for p in neuron.parameters()]


class MLP:
    def __init__(self, inputs, outputs):
        sizes = [inputs, *outputs]
        self.layers = [Layer(a, b, b != outputs[-1]) for a, b in itertools.pairwise(sizes)]

    def __call__(self, x):
        for layer in self.layers:
            x = layer(x)
        return x

    def parameters(self):
        return [p for layer in self.layers for p in layer.parameters()]


model = MLP(3, [4, 4, 1])
rows = [[2.0, 3.0, -1.0], [3.0, -1.0, 0.5], [0.5, 1.0, 1.0], [1.0, 1.0, -1.0]]
wanted = [1.0, -1.0, -1.0, 1.0]
params = model.parameters()
losses = []
for _ in range(40):
    guesses = [model(x) for x in rows]
    loss = sum((guess - y) ** 2 for guess, y in zip(guesses, wanted))
    for p in params:
        p.grad = 0.0
    loss.backward()
    for p in params:
        p.data += -0.02 * p.grad
    losses.append(loss.data)
