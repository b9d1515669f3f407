"""Programs of public kinds, as people write them who have not read these pages: each with a point."""
# ruff: noqa: B007, E741, RUF005, RUF007 - it is theirs

from __future__ import annotations

import math
import random

import autograd_lite as ag

DRAW = random.Random(7)

PROGRAMS = {}


def numbers(count, low=-1.0, high=1.0):
    return [DRAW.uniform(low, high) for _ in range(count)]


def program(point):
    def kept(f):
        PROGRAMS[f.__name__] = (f, point)
        return f

    return kept


WORDS = ["emma", "olivia", "ava", "mia", "zoe"]

CH = ".abeilmovz"

STOI = {c: i for i, c in enumerate(CH)}


@program(numbers(100))
def bigram_nll(p):
    W = [p[10 * i : 10 * i + 10] for i in range(10)]
    nll, n = (0.0, 0)
    for w in WORDS:
        chs = "." + w + "."
        for a, b in zip(chs, chs[1:]):
            logits = W[STOI[a]]
            m = max(logits)
            counts = [ag.exp(l - m) for l in logits]
            prob = counts[STOI[b]] / sum(counts)
            nll += -ag.log(prob)
            n += 1
    return nll / n + 0.01 * sum(w**2 for r in W for w in r) / 100


XS3 = []

for w in WORDS:
    ctx = [0] * 3
    for c in w + ".":
        XS3.append((list(ctx), STOI[c]))
        ctx = ctx[1:] + [STOI[c]]


@program(numbers(10 * 2 + 6 * 8 + 8 + 8 * 10 + 10))
def makemore_mlp(p):
    i = 0

    def take(r, c):
        nonlocal i
        out = [list(p[i + k * c : i + (k + 1) * c]) for k in range(r)]
        i += r * c
        return out

    C = take(10, 2)
    W1 = take(6, 8)
    b1 = take(1, 8)[0]
    W2 = take(8, 10)
    b2 = take(1, 10)[0]
    loss = 0
    for ctx, y in XS3:
        emb = [v for ix in ctx for v in C[ix]]
        h = [ag.tanh(sum(emb[k] * W1[k][j] for k in range(6)) + b1[j]) for j in range(8)]
        logits = [sum(h[k] * W2[k][j] for k in range(8)) + b2[j] for j in range(10)]
        loss = loss + ag.logsumexp(logits) - logits[y]
    return loss / len(XS3)


SEQ = [math.sin(0.3 * k) for k in range(20)]


@program(numbers(3 * (3 + 9 + 3) + 4, -0.5, 0.5))
def gru_cell(p):
    H = 3

    def gate(off):
        return (p[off : off + 3], [p[off + 3 + 3 * i : off + 6 + 3 * i] for i in range(3)], p[off + 12 : off + 15])

    z_, r_, n_ = (gate(0), gate(15), gate(30))

    def aff(g, x, h):
        wx, wh, b = g
        return [wx[i] * x + sum(wh[i][j] * h[j] for j in range(H)) + b[i] for i in range(H)]

    h = [0.0] * H
    out = 0.0
    for x, y in zip(SEQ, SEQ[1:]):
        z = [ag.sigmoid(v) for v in aff(z_, x, h)]
        r = [ag.sigmoid(v) for v in aff(r_, x, h)]
        n = [ag.tanh(v) for v in aff(n_, x, [a * b for a, b in zip(r, h)])]
        h = [(1 - zi) * ni + zi * hi for zi, ni, hi in zip(z, n, h)]
        pred = sum(p[45 + i] * h[i] for i in range(H)) + p[48]
        out = out + (pred - y) ** 2
    return out / len(SEQ)


PTS = [(DRAW.gauss(0, 1), DRAW.gauss(0, 1)) for _ in range(25)]


@program(numbers(4 * 2 + 4 * 9 + 9, -1, 1))
def mixture_density(p):
    total = 0.0
    for x, y in PTS:
        h = [ag.tanh(p[2 * i] * x + p[2 * i + 1]) for i in range(4)]
        o = [sum(p[8 + 4 * j + i] * h[i] for i in range(4)) + p[44 + j] for j in range(9)]
        pis = ag.softmax(o[:3])
        mus = o[3:6]
        sig = [ag.exp(v) for v in o[6:]]
        dens = sum(
            (pi * ag.exp(-0.5 * ((y - m) / s) ** 2) / (s * math.sqrt(2 * math.pi)) for pi, m, s in zip(pis, mus, sig))
        )
        total -= ag.log(dens)
    return total / len(PTS)


@program(numbers(9 + 3 * 8))
def crf(p):
    T = [p[3 * i : 3 * i + 3] for i in range(3)]
    E = [p[9 + 3 * t : 12 + 3 * t] for t in range(8)]
    tags = [0, 1, 1, 2, 0, 0, 2, 1]
    score = E[0][tags[0]]
    for t in range(1, 8):
        score += T[tags[t - 1]][tags[t]] + E[t][tags[t]]
    alpha = E[0]
    for t in range(1, 8):
        alpha = [ag.logsumexp([alpha[i] + T[i][j] for i in range(3)]) + E[t][j] for j in range(3)]
    return ag.logsumexp(alpha) - score


ZS = [math.sin(0.2 * k) + DRAW.gauss(0, 0.1) for k in range(25)]


@program([0.2, 0.4, 0.3, 0.1])
def ekf_pendulum(p):
    th, om = (p[2], p[3])
    P00, P01, P11 = (1.0, 0.0, 1.0)
    nll = 0.0
    for z in ZS:
        th_n = th + 0.05 * om
        om_n = om - 0.05 * 9.81 * ag.sin(th)
        j = -0.05 * 9.81 * ag.cos(th)
        a, b, c = (P00, P01, P11)
        P00 = a + 0.1 * b + 0.0025 * c + p[0] * p[0]
        P01 = j * a + b + 0.05 * j * b + 0.05 * c
        P11 = j * j * a + 2 * j * b + c + p[0] * p[0]
        th, om = (th_n, om_n)
        h = ag.sin(th)
        H = ag.cos(th)
        S = H * P00 * H + p[1] * p[1]
        v = z - h
        K0, K1 = (P00 * H / S, P01 * H / S)
        th = th + K0 * v
        om = om + K1 * v
        P11 = P11 - K1 * H * P01
        P01 = P01 * (1 - K0 * H)
        P00 = P00 * (1 - K0 * H)
        nll = nll + 0.5 * (ag.log(S) + v**2 / S)
    return nll


RET = [DRAW.gauss(0, 0.01) for _ in range(200)]


@program([1e-05, 0.1, 0.85])
def garch(p):
    omega, alpha, beta = p
    var = sum(r * r for r in RET) / len(RET)
    ll = 0.0
    for r in RET:
        ll += -0.5 * (math.log(2 * math.pi) + ag.log(var) + r * r / var)
        var = omega + alpha * r**2 + beta * var
    return -ll


PATHS = [[(DRAW.gauss(0, 1), DRAW.gauss(0, 1)) for _ in range(12)] for _ in range(15)]


@program([0.03, 0.5, 0.05, 0.1])
def cir(p):
    total = 0.0
    for path in PATHS:
        r, integ = (p[0], 0.0)
        for z, _ in path:
            if r < 0:
                r = r * 0.0
            integ = integ + r / 12
            r = r + p[1] * (p[2] - r) / 12 + p[3] * r**0.5 * z * math.sqrt(1 / 12)
        total += ag.exp(-integ)
    return total / len(PATHS)


@program([2.0, 0.5, 0.1])
def pid(p):
    kp, ki, kd = p
    x, v, integ, prev = (0.0, 0.0, 0.0, None)
    cost = 0.0
    for k in range(60):
        e = 1.0 - x
        integ += e * 0.05
        d = 0.0 if prev is None else (e - prev) / 0.05
        u = kp * e + ki * integ + kd * d
        if u > 5.0:
            u = 5.0
        elif u < -5.0:
            u = -5.0
        prev = e
        v += (u - 0.5 * v) * 0.05
        x += v * 0.05
        cost += e**2 * 0.05
    return cost


@program([1.0, 2.0, 3.0, 0.4])
def cartpole(p):
    x, xd, th, thd = (0.0, 0.0, 0.1, 0.0)
    cost = 0.0
    for _ in range(40):
        F = -(p[0] * x + p[1] * xd - 10 * p[2] * th - p[3] * thd)
        st, ct = (ag.sin(th), ag.cos(th))
        temp = (F + 0.05 * thd**2 * st) / 1.1
        tha = (9.8 * st - ct * temp) / (0.5 * (4 / 3 - 0.1 * ct**2 / 1.1))
        xa = temp - 0.05 * tha * ct / 1.1
        x, xd, th, thd = (x + 0.02 * xd, xd + 0.02 * xa, th + 0.02 * thd, thd + 0.02 * tha)
        cost += th**2 + 0.1 * x**2
    return cost


MASS = [1.0, 0.5, 0.8, 0.3]


@program(numbers(24))
def nbody3d(p):
    pos = [list(p[3 * i : 3 * i + 3]) for i in range(4)]
    vel = [list(p[12 + 3 * i : 15 + 3 * i]) for i in range(4)]
    for _ in range(8):
        for i in range(4):
            acc = [0.0, 0.0, 0.0]
            for j in range(4):
                if i == j:
                    continue
                d = [pos[j][k] - pos[i][k] for k in range(3)]
                r2 = d[0] ** 2 + d[1] ** 2 + d[2] ** 2 + 0.05
                f = MASS[j] / (r2 * ag.sqrt(r2))
                for k in range(3):
                    acc[k] += f * d[k]
            for k in range(3):
                vel[i][k] += 0.01 * acc[k]
        for i in range(4):
            for k in range(3):
                pos[i][k] += 0.01 * vel[i][k]
    ke = sum((0.5 * m * sum((c * c for c in v)) for m, v in zip(MASS, vel)))
    pe = 0.0
    for i in range(4):
        for j in range(i):
            pe -= MASS[i] * MASS[j] / ag.sqrt(sum(((a - b) ** 2 for a, b in zip(pos[i], pos[j]))) + 0.05)
    return ke + pe


XS = [0.1 * k for k in range(20)]

YS = [2.0 * math.exp(-1.3 * x) + 0.5 + DRAW.gauss(0, 0.02) for x in XS]


@program([1.5, 1.0, 0.3])
def gauss_newton(p):
    a, b, c = p
    for _ in range(3):
        JTJ = [[0.0] * 3 for _ in range(3)]
        JTr = [0.0] * 3
        for x, y in zip(XS, YS):
            e = ag.exp(-b * x)
            r = y - (a * e + c)
            J = [e, -a * x * e, 1.0]
            for i in range(3):
                JTr[i] += J[i] * r
                for j in range(3):
                    JTJ[i][j] += J[i] * J[j]

        def det(m):
            return (
                m[0][0] * (m[1][1] * m[2][2] - m[1][2] * m[2][1])
                - m[0][1] * (m[1][0] * m[2][2] - m[1][2] * m[2][0])
                + m[0][2] * (m[1][0] * m[2][1] - m[1][1] * m[2][0])
            )

        D = det(JTJ)
        s = []
        for k in range(3):
            M = [row[:] for row in JTJ]
            for i in range(3):
                M[i][k] = JTr[i]
            s.append(det(M) / D)
        a, b, c = (a + s[0], b + s[1], c + s[2])
    return sum(((y - (a * ag.exp(-b * x) + c)) ** 2 for x, y in zip(XS, YS)))


@program(numbers(8))
def conj_gradient(p):
    n = len(p)

    def A(v):
        return [
            (2.5 + 0.1 * i) * v[i] - (v[i - 1] if i > 0 else 0.0) - (v[i + 1] if i < n - 1 else 0.0) for i in range(n)
        ]

    x = [0.0] * n
    r = list(p)
    d = list(r)
    rs = sum(a * a for a in r)
    for _ in range(6):
        Ad = A(d)
        al = rs / sum((a * b for a, b in zip(d, Ad)))
        x = [xi + al * di for xi, di in zip(x, d)]
        r = [ri - al * ai for ri, ai in zip(r, Ad)]
        new = sum(a * a for a in r)
        if new < 1e-20:
            break
        d = [ri + new / rs * di for ri, di in zip(r, d)]
        rs = new
    return sum((a * b for a, b in zip(x, p)))


@program(numbers(25))
def lu_det(p):
    n = 5
    A = [[p[i * n + j] + (3.0 if i == j else 0.0) for j in range(n)] for i in range(n)]
    det = 1.0
    for k in range(n):
        piv = max(range(k, n), key=lambda i: abs(A[i][k]))
        if piv != k:
            A[k], A[piv] = (A[piv], A[k])
            det = -det
        det = det * A[k][k]
        for i in range(k + 1, n):
            f = A[i][k] / A[k][k]
            for j in range(k, n):
                A[i][j] = A[i][j] - f * A[k][j]
    return det


A1 = [math.sin(0.5 * k) for k in range(9)]


@program(numbers(7))
def hard_dtw(p):
    n, m = (len(A1), len(p))
    D = [[float("inf")] * (m + 1) for _ in range(n + 1)]
    D[0][0] = 0.0
    for i in range(1, n + 1):
        for j in range(1, m + 1):
            D[i][j] = abs(A1[i - 1] - p[j - 1]) + min(D[i - 1][j], D[i][j - 1], D[i - 1][j - 1])
    return D[n][m]


LINKS = {0: [1, 2], 1: [2], 2: [0], 3: [0, 2], 4: [1, 3, 0]}


@program([0.85] + numbers(5, 0.5, 1.5))
def pagerank(p):
    d, w = (p[0], p[1:])
    r = [0.2] * 5
    for _ in range(15):
        new = [(1 - d) / 5] * 5
        for src, outs in LINKS.items():
            tot = sum(w[o] for o in outs)
            for o in outs:
                new[o] += d * r[src] * w[o] / tot
        r = new
    return r[2]


@program([3.7, 0.31])
def lyapunov(p):
    x, s = (p[1], 0.0)
    for _ in range(30):
        s += ag.log(abs(p[0] * (1 - 2 * x)))
        x = p[0] * x * (1 - x)
    return s / 30


CASES = [1, 3, 8, 20, 45, 80, 110, 120, 100, 70, 45, 25]


@program([0.8, 0.3, 0.01])
def sir_fit(p):
    beta, gamma, i0 = p
    S, I, R = (1 - i0, i0, 0.0)
    loss = 0
    for c in CASES:
        for _ in range(4):
            inf, rec = (beta * S * I * 0.25, gamma * I * 0.25)
            S, I, R = (S - inf, I + inf - rec, R + rec)
        loss += (I * 400 - c) ** 2
    return loss / len(CASES)


PIJ = [[0.0 if i == j else 1 / (1 + abs(i - j)) for j in range(8)] for i in range(8)]

_s = sum(map(sum, PIJ))

PIJ = [[v / _s for v in r] for r in PIJ]


@program(numbers(16))
def tsne(p):
    Y = [(p[2 * i], p[2 * i + 1]) for i in range(8)]
    num = [
        [0.0 if i == j else 1 / (1 + (a[0] - b[0]) ** 2 + (a[1] - b[1]) ** 2) for j, b in enumerate(Y)]
        for i, a in enumerate(Y)
    ]
    Z = sum(sum(r) for r in num)
    kl = 0.0
    for i in range(8):
        for j in range(8):
            if i != j:
                kl += PIJ[i][j] * ag.log(PIJ[i][j] / (num[i][j] / Z))
    return kl


DATA = [(DRAW.gauss(c, 0.4), DRAW.gauss(-c, 0.4)) for c in (-1, 0, 1) for _ in range(8)]


@program(numbers(6))
def soft_kmeans(p):
    C = [[p[2 * k], p[2 * k + 1]] for k in range(3)]
    for _ in range(3):
        R = []
        for x, y in DATA:
            R.append(ag.softmax([-2 * ((x - c[0]) ** 2 + (y - c[1]) ** 2) for c in C]))
        for k in range(3):
            w = sum(r[k] for r in R)
            C[k] = [sum((r[k] * d[i] for r, d in zip(R, DATA))) / w for i in range(2)]
    return sum(c[0] * c[0] + c[1] for c in C)


@program([0.3] + [1.0, 0.5])
def heat_fd(p):
    n = 15
    u = [p[1] * math.sin(math.pi * i / (n - 1)) + p[2] * math.sin(2 * math.pi * i / (n - 1)) for i in range(n)]
    for _ in range(20):
        u = [u[i] if i in (0, n - 1) else u[i] + p[0] * (u[i + 1] - 2 * u[i] + u[i - 1]) for i in range(n)]
    return sum(x * x for x in u)


@program(numbers(10))
def sinkhorn(p):
    n = 5
    C = [[(i - j) ** 2 / 10 for j in range(n)] for i in range(n)]
    a = ag.softmax(list(p[:5]))
    b = ag.softmax(list(p[5:]))
    K = [[math.exp(-c / 0.3) for c in r] for r in C]
    v = [1.0] * n
    for _ in range(10):
        u = [a[i] / sum(K[i][j] * v[j] for j in range(n)) for i in range(n)]
        v = [b[j] / sum(K[i][j] * u[i] for i in range(n)) for j in range(n)]
    return sum(u[i] * K[i][j] * v[j] * C[i][j] for i in range(n) for j in range(n))


@program(numbers(10))
def median_abs_dev(p):
    s = sorted(p)
    med = (s[4] + s[5]) / 2
    d = sorted(abs(x - med) for x in p)
    return (d[4] + d[5]) / 2 + med**2


@program([0.8, 0.2, 0.5])
def hh_neuron(p):
    v, w = (-1.0, -0.5)
    spikes = 0
    out = 0.0
    for k in range(40):
        dv = v - v**3 / 3 - w + p[2]
        dw = p[1] * (v + p[0] - 0.8 * w)
        vn, w = (v + 0.1 * dv, w + 0.1 * dw)
        if v < 0 <= vn:
            spikes += 1
        v = vn
        out += v * v
    return out + spikes
