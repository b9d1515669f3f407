"""More programs of public kinds: finance, physics, graphs, texts, statistics, signals, geometry, games, queues."""
# ruff: noqa: B007, F841 - it is theirs

from __future__ import annotations

import math

import autograd_lite as ag

from .strangers import DRAW, numbers, program


@program([100.0, 0.05, 0.3])
def american_put(p):
    s0, r, sigma = p
    n, k, t = 25, 105.0, 0.75
    dt = t / n
    u = ag.exp(sigma * math.sqrt(dt))
    d = 1 / u
    q = (ag.exp(r * dt) - d) / (u - d)
    disc = ag.exp(-r * dt)
    v = [max(k - s0 * u**j * d ** (n - j), 0.0) for j in range(n + 1)]
    for i in range(n - 1, -1, -1):
        v = [max(k - s0 * u**j * d ** (i - j), disc * (q * v[j + 1] + (1 - q) * v[j])) for j in range(i + 1)]
    return v[0]


FLOWS = [-1000.0, 120.0, 180.0, 250.0, 300.0, 420.0]


@program([1.0, 1.1])
def internal_rate(p):
    flows = [FLOWS[0] * p[0]] + [p[1] * f for f in FLOWS[1:]]
    rate = 0.1
    for _ in range(50):
        npv = sum(f / (1 + rate) ** k for k, f in enumerate(flows))
        slope = sum(-k * f / (1 + rate) ** (k + 1) for k, f in enumerate(flows))
        step = npv / slope
        rate = rate - step
        if abs(step) < 1e-12:
            break
    return rate


NOISE = [[DRAW.gauss(0, 1) for _ in range(20)] for _ in range(20)]


@program([100.0, 0.04, 0.25])
def barrier_call(p):
    s0, r, vol = p
    dt = 1 / 20
    total = 0.0
    for path in NOISE:
        s = s0
        out = False
        for z in path:
            s = s * ag.exp((r - vol**2 / 2) * dt + vol * math.sqrt(dt) * z)
            if s > 140.0:
                out = True
                break
        if not out and s > 100.0:
            total += s - 100.0
    return ag.exp(-r) * total / len(NOISE)


@program([250000.0, 0.045, 1500.0])
def mortgage(p):
    balance, rate, payment = p
    interest_paid = 0.0
    for month in range(120):
        interest = balance * rate / 12
        principal = payment - interest
        if principal > balance:
            principal = balance
        balance -= principal
        interest_paid += interest
        if balance <= 0:
            break
    return interest_paid


@program([1.1, 0.4, 0.1, 0.4])
def lotka_volterra(p):
    a, b, c, d = p

    def f(x, y):
        return a * x - b * x * y, c * x * y - d * y

    x, y, h = 10.0, 5.0, 0.1
    total = 0.0
    for _ in range(50):
        k1 = f(x, y)
        k2 = f(x + h / 2 * k1[0], y + h / 2 * k1[1])
        k3 = f(x + h / 2 * k2[0], y + h / 2 * k2[1])
        k4 = f(x + h * k3[0], y + h * k3[1])
        x += h / 6 * (k1[0] + 2 * k2[0] + 2 * k3[0] + k4[0])
        y += h / 6 * (k1[1] + 2 * k2[1] + 2 * k3[1] + k4[1])
        total += (x - 8) ** 2
    return total / 50


@program([2.0, 0.8])
def bouncing_ball(p):
    h, e = p
    y, v, t = h, 0.0, 0.0
    path = 0.0
    for _ in range(100):
        v -= 9.81 * 0.02
        y += v * 0.02
        if y < 0:
            y = -y * e
            v = -v * e
        path += y * 0.02
    return path


EDGES = [(0, 1), (0, 2), (1, 2), (1, 3), (2, 3), (2, 4), (3, 5), (4, 5), (4, 3)]


@program(numbers(9, 0.5, 3.0))
def bellman_ford(p):
    dist = [float("inf")] * 6
    dist[0] = 0.0
    for _ in range(5):
        for (a, b), w in zip(EDGES, p):
            if dist[a] + w < dist[b]:
                dist[b] = dist[a] + w
    return dist[5]


@program(numbers(9, 0.5, 3.0))
def kruskal(p):
    parent = list(range(6))

    def find(a):
        while parent[a] != a:
            a = parent[a]
        return a

    total = 0.0
    for w, (a, b) in sorted(zip(p, EDGES)):
        ra, rb = find(a), find(b)
        if ra != rb:
            parent[ra] = rb
            total += w
    return total


@program([1.0, 1.2, 0.9])
def edit_distance(p):
    ins, dele, sub = p
    a, b = "kitten", "sitting"
    prev = [j * ins for j in range(len(b) + 1)]
    for i, ca in enumerate(a, 1):
        cur = [i * dele]
        for j, cb in enumerate(b, 1):
            cost = 0.0 if ca == cb else sub
            cur.append(min(prev[j] + dele, cur[-1] + ins, prev[j - 1] + cost))
        prev = cur
    return prev[-1]


@program(numbers(12))
def theil_sen(p):
    slopes = []
    for i in range(len(p)):
        for j in range(i + 1, len(p)):
            slopes.append((p[j] - p[i]) / (j - i))
    slopes.sort()
    n = len(slopes)
    return slopes[n // 2] if n % 2 else 0.5 * (slopes[n // 2 - 1] + slopes[n // 2])


@program(numbers(11))
def median_window(p):
    out = 0.0
    for i in range(2, len(p) - 2):
        w = sorted(p[i - 2 : i + 3])
        out += (p[i] - w[2]) ** 2
    return out


SIG = [math.sin(0.3 * k) + 0.3 * math.sin(2.1 * k) for k in range(60)]


@program([0.3, 0.05, 0.8])
def compressor(p):
    attack, release, threshold = p
    env, e = 0.0, 0.0
    for x in SIG:
        level = abs(x)
        c = attack if level > env else release
        env = env + c * (level - env)
        gain = 1.0 if env < threshold else threshold / env
        e += (gain * x) ** 2
    return e


@program(numbers(16))
def hull_area(p):
    pts = sorted((p[2 * i], p[2 * i + 1]) for i in range(8))

    def cross(o, a, b):
        return (a[0] - o[0]) * (b[1] - o[1]) - (a[1] - o[1]) * (b[0] - o[0])

    def half(points):
        h = []
        for q in points:
            while len(h) >= 2 and cross(h[-2], h[-1], q) <= 0:
                h.pop()
            h.append(q)
        return h[:-1]

    hull = half(pts) + half(reversed(pts))
    return 0.5 * sum(a[0] * b[1] - a[1] * b[0] for a, b in zip(hull, hull[1:] + hull[:1]))


@program(numbers(16))
def minimax(p):
    def best(lo, hi, turn):
        if hi - lo == 1:
            return p[lo]
        mid = (lo + hi) // 2
        a, b = best(lo, mid, not turn), best(mid, hi, not turn)
        return max(a, b) if turn else min(a, b)

    return best(0, 16, True)


@program([1.5, 1.0, 1.4, 2.0])
def car_following(p):
    headway, amax, bmax, s0 = p
    x = [0.0, -20.0, -45.0]
    v = [15.0, 14.0, 16.0]
    cost = 0.0
    for step in range(30):
        v[0] = max(0.0, 15.0 - 0.3 * step)
        acc = []
        for i in range(1, 3):
            gap = max(x[i - 1] - x[i] - 5.0, 0.1)
            want = s0 + max(0.0, v[i] * headway + v[i] * (v[i] - v[i - 1]) / (2 * ag.sqrt(amax * bmax)))
            acc.append(amax * (1 - (v[i] / 30.0) ** 4 - (want / gap) ** 2))
        for i in range(1, 3):
            v[i] = max(0.0, v[i] + 0.2 * acc[i - 1])
        for i in range(3):
            x[i] += 0.2 * v[i]
        cost += sum(a * a for a in acc)
    return cost


@program([0.04, 1.0, 0.5])
def kinetics(p):
    k1, k2, k3 = p
    a, b, c = 1.0, 0.0, 0.0
    for _ in range(20):
        an, bn = a, b
        for _ in range(4):
            f1 = an - a + 0.1 * (k1 * an - k2 * bn * (1 - an - bn))
            f2 = bn - b - 0.1 * (k1 * an - k2 * bn * (1 - an - bn) - k3 * bn * bn)
            j11 = 1 + 0.1 * (k1 + k2 * bn)
            j12 = -0.1 * k2 * (1 - an - 2 * bn)
            j21 = -0.1 * (k1 + k2 * bn)
            j22 = 1 - 0.1 * (-k2 * (1 - an - 2 * bn) - 2 * k3 * bn)
            det = j11 * j22 - j12 * j21
            an -= (f1 * j22 - f2 * j12) / det
            bn -= (j11 * f2 - j21 * f1) / det
        a, b = an, bn
    return b + 2 * (1 - a - b)


@program([0.5, 0.2, 0.1, 0.02])
def seir_lockdown(p):
    beta, sigma, gamma, limit = p
    s, e, i, r = 0.99, 0.0, 0.01, 0.0
    peak = 0.0
    for day in range(60):
        b = beta * 0.3 if i > limit else beta
        inf = b * s * i
        s, e, i, r = s - inf, e + inf - sigma * e, i + sigma * e - gamma * i, r + gamma * i
        peak = max(peak, i)
    return peak + 0.1 * r


ARR = [DRAW.expovariate(1.0) for _ in range(40)]

SER = [DRAW.expovariate(1.2) for _ in range(40)]


@program([1.0, 0.9])
def lindley(p):
    wait, total = 0.0, 0.0
    for a, s in zip(ARR, SER):
        total += wait
        wait = max(0.0, wait + p[0] * s - p[1] * a)
    return total / len(ARR)


IMG = [[math.sin(0.7 * i + 0.3 * j * j) for j in range(10)] for i in range(10)]


@program(numbers(9))
def conv_pool(p):
    k = [p[0:3], p[3:6], p[6:9]]
    out = []
    for i in range(8):
        row = []
        for j in range(8):
            s = 0.0
            for a in range(3):
                for b in range(3):
                    s += k[a][b] * IMG[i + a][j + b]
            row.append(max(s, 0.0))
        out.append(row)
    return sum(
        max(out[i][j], out[i + 1][j], out[i][j + 1], out[i + 1][j + 1]) for i in range(0, 8, 2) for j in range(0, 8, 2)
    )
