"""A scalar with a gradient in forty lines, as the short programs carry it with them: what they need and no more."""

from __future__ import annotations

import math


class Value:
    def __init__(self, data, children=(), local_grads=()):
        self.data = data
        self.grad = 0.0
        self._children = children
        self._local_grads = local_grads

    def __add__(self, other):
        other = other if isinstance(other, Value) else Value(other)
        return Value(self.data + other.data, (self, other), (1.0, 1.0))

    def __mul__(self, other):
        other = other if isinstance(other, Value) else Value(other)
        return Value(self.data * other.data, (self, other), (other.data, self.data))

    def __pow__(self, exponent):
        return Value(self.data**exponent, (self,), (exponent * self.data ** (exponent - 1),))

    def __truediv__(self, other):
        other = other if isinstance(other, Value) else Value(other)
        quotient = self.data / other.data
        return Value(quotient, (self, other), (1.0 / other.data, -quotient / other.data))

    def __neg__(self):
        return self * -1.0

    def __sub__(self, other):
        return self + (-other)

    def __rsub__(self, other):
        return (-self) + other

    def __rtruediv__(self, other):
        return Value(other) / self

    __radd__, __rmul__ = __add__, __mul__

    def exp(self):
        raised = math.exp(self.data)
        return Value(raised, (self,), (raised,))

    def log(self):
        return Value(math.log(self.data), (self,), (1.0 / self.data,))

    def relu(self):
        return Value(self.data if self.data > 0.0 else 0.0, (self,), (1.0 if self.data > 0.0 else 0.0,))

    def tanh(self):
        flat = math.tanh(self.data)
        return Value(flat, (self,), (1.0 - flat * flat,))

    def backward(self):
        order, seen, stack = [], set(), [(self, False)]
        while stack:
            node, left = stack.pop()
            if left:
                order.append(node)
            elif node not in seen:
                seen.add(node)
                stack.append((node, True))
                stack.extend((child, False) for child in reversed(node._children))
        self.grad = 1.0
        for node in reversed(order):
            for child, partial in zip(node._children, node._local_grads):
                child.grad += partial * node.grad
