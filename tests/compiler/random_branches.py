"""Random Python with branches on numbers, of which both sides only calculate, or don't: compiled against eager.

``python -m tests.compiler.random_branches 2000`` runs so many and says which differ. Functions that users write with an
``if`` are there to be called; arguments are nan and ties more often than not.
"""

from __future__ import annotations

import math
import sys

from .random_sources import Grammar, main

__all__ = ["BRANCHES"]

NUMBERS = """<n> + <n>; <n> - <n>; <n> * <n>; <n> * <n>; <n> / <n>; -<n>; <n> ** 2; abs(<n>); <v>; <v>
ag.sin(<n>); ag.tanh(<n>); ag.log(<n>); ag.sqrt(<n>); ag.exp(<n>); <n> ** 3; ag.maximum(<n>, <n>); max(<n>, 0.5)
<n> if <c> else <n>; <n> if <c> else <n>; <n> if <c> else <n> if <c> else <n>; <v0> if <c> else 0.1 * <v0>
relu(<n>); leaky(<n>); clamp(<n>, -0.5, 0.5); clamp(<n>); huber(<n>); sign(<n>) * <n>; step(<n>); inverse(<n>)
root(<n>); payoff(<n>, <n>); tent(<n>); count(<n>) * <n>; larger(<n>, <n>); halved(<n>); gain(<n>)
Saturated(<n>).put(<n>); SAT.put(<n>)
unbounded(<n>); loud(<n>); spread(<n>, <n>); pick(<n>)
sum(<n:t> if <c:t> else <n:t> for t in <l>); sum([relu(t) for t in <l>], <n>); sum(map(leaky, <l>))
sum([<n:t> for t in <l> if <c:t>], <n>); <l>[0]; <l>[1]; <l>[2]; <f>(<n>); (lambda t: t if t > 0 else 0.0)(<n>)
NUMBER; TABLE['k']; OBJECT.a; LIVE[0]; NET['w']"""

CONDITIONS = """<n> > <n>; <v> > 0; <v> < <v>; <v> <= 0.5; <v> >= 1; <n> == <n>; <v> != <n>; not <c>; <c> and <c>
<c> or <c>
-1 < <v> <= 0.5; <v> < <n> < <v>; <v>; abs(<v>) < 1; <v>.data > 0; <v>.data > <v>.data; NUMBER > 0; <v> is None
<v> > 0 and ag.log(<v>) < <n>; <v> == 0 or 1 / <v> > <n>; clamp(<n>) > 0; not -0.5 < <v> < 0.5"""

STATEMENTS = """
<+n> = <n>
<v> = <n>
<v0> = <v0> if <c> else <n>
<v0> = <n> if <c> else <v0>
if <c>: <v> = <n>
if <c>: <v> += <n>
if <c>: return <n>
<v0>, <v1> = (<v1>, <v0>) if <v0> < <v1> else (<v0>, <v1>)
if <c>: <l>[0] = <n>
---
if <c>:
    <v0> = <n>
else:
    <v0> = <n>
---
if <c>:
    <block>
    <v0> = <n>
elif <c>:
    <v1> = <n>
else:
    <v0> *= <n>
    <v1> = <v0>
---
if <c>:
    t = <n>
    <v0> = <n:t>
else:
    <v0> = <n>
---
if <c>:
    if <c>: return <n>
    return <n>
elif <c>:
    return <n>
---
for t in <l>:
    if <c:t>:
        <v0> = <v0> + <n:t>
    else:
        <v0> = <v0> - t
---
for t in <l>:
    if <c:t>:
        continue
    <v0> = <v0> + <n:t>
---
for t in <l>:
    if <c:t>: break
    if <c:t>: <v0> = <n:t>
    <v0> = <v0> * 0.5
---
with ag.no_grad():
    <v0> = <n> if <c> else <v0>
---
while -9 < <v0> < 1.0:
    <v0> = <v0> + 1.0 + <n> ** 2
    if <c>: break
---
def <+f>(t, s=<n>):
    if <c:t>: return <n:t>
    return <n:s> * t
---
def <+f>(t):
    u = t * 0.5
    if <c:u>:
        u = <n:u>
    elif t > 0:
        return t
    return u if <c:t> else <n:t>
---
<+f> = lambda t: <n:t> if <c:t> else <n:t>
---
<+l0> = []
for t in list(<l>):
    if <c:t>: <l0>.append(<n:t>)
    else: <l0>.append(t)
---
<+l> = [<n:t> if <c:t> else t for t in <l>]
---
try:
    <v0> = <n> if <c> else 1 / 0
except ZeroDivisionError:
    <v0> = <n>
"""

BEFORE = '''
def helper(t):
    return t

def relu(x):
    return x if x > 0 else 0.0

def leaky(x, slope=0.1):
    if x > 0:
        return x
    return slope * x

def clamp(x, low=-1, high=1):
    if x < low:
        return low
    if x > high:
        return high
    return x

def huber(r, d=0.7):
    if abs(r) <= d:
        return 0.5 * r * r
    else:
        return d * (abs(r) - 0.5 * d)

def sign(x):
    return 1 if x > 0 else -1 if x < 0 else 0

def step(x):
    y = 0.0
    if x >= 0:
        y = 1.0
    return y

def inverse(x):
    return 1 / x if x != 0 else 0.0

def root(x):
    """A square root that is 0 where there is none."""
    if x <= 0:
        return 0.0
    y = ag.sqrt(x)
    return y

def payoff(s, k):
    gain = s - k
    if gain < 0:
        gain = 0
    return gain

def tent(x):
    if 0 < x < 1:
        if x < 0.5:
            y = 2 * x
        else:
            y = 2 - 2 * x
    elif x == 1 or x == 0:
        y = 0 * x
    else:
        y = x - 1
    return y

def count(x):
    n = 1
    while n < 3 and x * n < 1:
        n += 1
    return n

def larger(a, b):
    best = a
    if b > a:
        best = b
    return best

def halved(x):
    return halved(x / 2) if 1 < x < 99 else x

class Saturated:
    limit = 0.8

    def __init__(self, start=0.0):
        self.total = start
        self._low = -0.4

    @property
    def low(self):
        return self._low

    def put(self, e):
        u = self.total + e
        if u > self.limit:
            u = self.limit
        elif u < self.low:
            u = self.low
        else:
            self.total = u * 1.0
        return u

class Gain:
    slope = 0.3

    def __call__(self, x):
        return x if x > 0 else self.slope * x

gain = Gain()

class _Fresh:
    def put(self, e):
        return Saturated().put(e)

SAT = _Fresh()

def unbounded(x):
    total = 0.0
    for k in range(3):
        if x > k:
            total += (x - k) ** 2
    return total

def note(x):
    if x != x:
        raise ValueError("nan")
    return x * 0.5

def loud(x):
    return note(x) if x > 0.2 else x

def spread(a, b):
    low, high = (a, b) if a < b else (b, a)
    return high - low

def pick(x):
    n = 2 if x > 0 else 3
    return x ** n
'''

BRANCHES = Grammar(NUMBERS, CONDITIONS, STATEMENTS, BEFORE, (0.0, 1.0, -1.0, 0.5, -0.5, math.nan))

if __name__ == "__main__":
    sys.exit(main(BRANCHES))
