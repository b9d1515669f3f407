"""Our own layered layout, in plain Python: what draws when no Graphviz program is there.

After Sugiyama, Tagawa & Toda (1981): ranks by longest path, leaves beside their consumers; long edges pass through
dummy boxes; barycentre sweeps order each rank; coordinates by weighted least squares under the order (isotonic
regression, rank by rank), with the spine held on a straight line. Everything is computed along two axes, ``u`` across
the ranks and ``v`` along one, and turned into x and y at the end. Nothing recurses.
"""

from __future__ import annotations

import math
from collections import defaultdict
from dataclasses import dataclass, field
from itertools import pairwise

from . import svg
from .model import Edge, Picture
from .sizes import label_size, size

__all__ = ["Layout", "arrange", "to_svg"]

_SWEEPS = 10
_MANY_DUMMIES = 20_000
_SPINE = 1e7


@dataclass
class Slot:
    """A box, or a dummy that a long edge passes through: its place and its neighbours on both sides."""

    id: str
    rank: int
    breadth: float  # its extent along v
    depth: float = 0.0  # along u
    spine: bool = False
    cluster: str = ""
    v: float = 0.0
    u: float = 0.0
    before: list[tuple[Slot, float]] = field(default_factory=list)
    after: list[tuple[Slot, float]] = field(default_factory=list)

    @property
    def dummy(self) -> bool:
        return not self.id


@dataclass
class Layout:
    """Where everything is: centres and sizes of boxes, the points an edge passes through, and along the
    direction of flow the ends of its tail's column and of the last before its head, and the beginning of its head's."""

    centres: dict[str, tuple[float, float]]
    sizes: dict[str, tuple[float, float]]
    routes: list[list[tuple[float, float]]]
    spaces: dict[str, tuple[float, float, float]]
    edges: list[Edge]


def to_svg(picture: Picture) -> str:
    """The picture as an SVG document, laid out and written without any program."""
    return svg.write(picture, arrange(picture))


def arrange(picture: Picture) -> Layout:
    """Places for the boxes of ``picture`` and routes for its edges."""
    sizes = {item.id: size(item) for item in picture.boxes}
    across = picture.direction == "LR"
    ranks = _ranks(picture)
    slots = _slots(picture, sizes, ranks, across)
    chains, layers = _chains(picture, slots, ranks)
    _order(layers, fixed=bool(picture.columns))
    _place(layers, 72.0 * picture.nodesep)
    starts, depths = _advance(picture, layers, chains, across)
    return _turn(picture, slots, chains, sizes, (starts, depths), across)


def _ranks(picture: Picture) -> dict[str, int]:
    """Longest path from the sources; then every leaf just before the first that uses it."""
    after: dict[str, list[str]] = {item.id: [] for item in picture.boxes}
    count = dict.fromkeys(after, 0)
    for edge in picture.edges:
        after[edge.tail].append(edge.head)
        count[edge.head] += 1
    rank = dict.fromkeys(after, 0)
    leaves = [id for id, n in count.items() if n == 0]
    ready = list(leaves)
    while ready:
        id = ready.pop()
        for head in after[id]:
            rank[head] = max(rank[head], rank[id] + 1)
            count[head] -= 1
            if count[head] == 0:
                ready.append(head)
    for id in leaves:
        if after[id]:
            rank[id] = min(rank[head] for head in after[id]) - 1
    for i, column in enumerate(picture.columns):
        rank.update(dict.fromkeys(column, i))
    lowest = min(rank.values(), default=0)
    return {id: r - lowest for id, r in rank.items()}


def _slots(
    picture: Picture, sizes: dict[str, tuple[float, float]], ranks: dict[str, int], across: bool
) -> dict[str, Slot]:
    """A slot for each box; in the order of the columns if there are some."""
    cluster = {member: c.id for c in picture.clusters for member in c.members}
    slots = {}
    for item in picture.boxes:
        width, height = sizes[item.id]
        breadth, depth = (height, width) if across else (width, height)
        slots[item.id] = Slot(item.id, ranks[item.id], breadth, depth, item.spine, cluster.get(item.id, ""))
    first = {id: slots.pop(id) for column in picture.columns for id in column}
    return {**first, **slots}


def _chains(
    picture: Picture, slots: dict[str, Slot], ranks: dict[str, int]
) -> tuple[list[list[Slot]], list[list[Slot]]]:
    """For each edge the slots it passes through; and the layers of slots, dummies included."""
    layers: list[list[Slot]] = [[] for _ in range(max(ranks.values(), default=0) + 1)]
    for slot in slots.values():
        layers[slot.rank].append(slot)
    chains = []
    dummies = 0
    for edge in picture.edges:
        tail, head = slots[edge.tail], slots[edge.head]
        chain = [tail]
        if dummies < _MANY_DUMMIES:
            for rank in range(tail.rank + 1, head.rank):
                chain.append(Slot("", rank, 4.0, cluster=tail.cluster if tail.cluster == head.cluster else ""))
                layers[rank].append(chain[-1])
                dummies += 1
        chain.append(head)
        for a, b in pairwise(chain):
            pull = 8.0 if a.dummy and b.dummy else float(edge.weight)
            a.after.append((b, pull))
            b.before.append((a, pull))
        chains.append(chain)
    return chains, layers


def _order(layers: list[list[Slot]], fixed: bool) -> None:
    """Order each layer by the mean position of its neighbours, forward and backward; keep the best seen."""
    if fixed:
        return
    _number(layers)
    best, found = _crossings(layers), [list(layer) for layer in layers]
    for sweep in range(_SWEEPS):
        forward = sweep % 2 == 0
        for layer in layers if forward else reversed(layers):
            keys = {id(s): _barycentre(s, s.before if forward else s.after) for s in layer}
            groups: dict[str, list[float]] = defaultdict(list)
            for s in layer:
                groups[s.cluster].append(keys[id(s)])
            centre = {name: sum(ks) / len(ks) for name, ks in groups.items()}
            layer.sort(key=lambda s: ((centre[s.cluster], s.cluster) if s.cluster else (keys[id(s)], ""), keys[id(s)]))
            for i, s in enumerate(layer):
                s.v = float(i)
        crossings = _crossings(layers)
        if crossings < best:
            best, found = crossings, [list(layer) for layer in layers]
    for layer, order in zip(layers, found):
        layer[:] = order


def _number(layers: list[list[Slot]]) -> None:
    for layer in layers:
        for i, slot in enumerate(layer):
            slot.v = float(i)


def _barycentre(slot: Slot, neighbours: list[tuple[Slot, float]]) -> float:
    return sum(n.v for n, _ in neighbours) / len(neighbours) if neighbours else slot.v


def _crossings(layers: list[list[Slot]]) -> int:
    """How many pairs of edges cross between neighbouring layers, counted with a Fenwick tree."""
    total = 0
    for layer in layers:
        place = {id(s): i for i, s in enumerate(layer)}
        ends = [place[id(s)] for s in layer for _ in s.before]
        starts = [n.v for s in layer for n, _ in s.before]
        below = sorted(set(starts))
        index = {v: i + 1 for i, v in enumerate(below)}
        tree = [0] * (len(below) + 1)
        for seen, (_, v) in enumerate(sorted(zip(ends, starts))):
            i, not_after = index[v], 0
            while i:
                not_after += tree[i]
                i -= i & -i
            total += seen - not_after
            i = index[v]
            while i <= len(below):
                tree[i] += 1
                i += i & -i
    return total


def _place(layers: list[list[Slot]], gap: float) -> None:
    """Coordinates along v: each slot towards its neighbours, the spine on v = 0, nothing overlapping."""
    for layer in layers:
        v = 0.0
        for slot in layer:
            slot.v = v + slot.breadth / 2
            v += slot.breadth + gap
        middle = next((s.v for s in layer if s.spine), v / 2)
        for slot in layer:
            slot.v -= middle
    for sweep in range(2 * _SWEEPS):
        last = sweep >= 2 * _SWEEPS - 2
        for layer in layers if sweep % 2 == 0 else reversed(layers):
            wanted, weights = [], []
            for slot in layer:
                near = slot.before + slot.after if last or sweep > 3 else slot.before if sweep % 2 == 0 else slot.after
                near = near or slot.before + slot.after
                pull = sum(w for _, w in near)
                wanted.append(0.0 if slot.spine else sum(n.v * w for n, w in near) / pull if pull else slot.v)
                weights.append(_SPINE if slot.spine else max(pull, 0.1))
            for slot, v in zip(layer, _separate(layer, wanted, weights, gap)):
                slot.v = 0.0 if slot.spine and abs(v) < 1e-2 else v


def _separate(layer: list[Slot], wanted: list[float], weights: list[float], gap: float) -> list[float]:
    """The places nearest to the wanted ones (weighted least squares) that keep the order and the distances.

    Pool adjacent violators: in coordinates from which the distances have been subtracted, places must not decrease.
    """
    offsets = [0.0]
    for a, b in pairwise(layer):
        more = 18.0 if a.cluster != b.cluster else 0.0
        close = 0.5 if a.dummy and b.dummy else 1.0
        offsets.append(offsets[-1] + (a.breadth + b.breadth) / 2 + gap * close + more)
    blocks: list[tuple[float, float, int]] = []
    for want, weight, offset in zip(wanted, weights, offsets):
        mean, total, count = want - offset, weight, 1
        while blocks and blocks[-1][0] > mean:
            m, w, n = blocks.pop()
            mean, total, count = (mean * total + m * w) / (total + w), total + w, count + n
        blocks.append((mean, total, count))
    means = [mean for mean, _, count in blocks for _ in range(count)]
    return [mean + offset for mean, offset in zip(means, offsets)]


def _advance(
    picture: Picture, layers: list[list[Slot]], chains: list[list[Slot]], across: bool
) -> tuple[list[float], list[float]]:
    """Where each layer starts along u, and how deep it is; labels have room before the layer that they point to."""
    depths = [max((s.depth for s in layer), default=0.0) for layer in layers]
    room = [72.0 * picture.ranksep] * len(layers)
    for edge, chain in zip(picture.edges, chains):
        if edge.label:
            width, height = label_size(edge)
            need = (width + 16.0) if across else (height + 20.0)
            room[chain[-1].rank] = max(room[chain[-1].rank], need)
    for i in range(1, len(layers)):  # steep fans need length
        spread = max((abs(n.v - s.v) for s in layers[i] for n, _ in s.before), default=0.0)
        room[i] = max(room[i], min(spread * 0.22, 60.0))
    frames = {member: c.id for c in picture.clusters for member in c.members}
    starts = [0.0]
    for i in range(1, len(layers)):
        names = [{frames.get(s.id, "") for s in layers[j] if s.id} for j in (i - 1, i)]
        extra = 14.0 if frames and names[0] != names[1] else 0.0
        starts.append(starts[-1] + depths[i - 1] + room[i] + extra)
    for start, depth, layer in zip(starts, depths, layers):
        for slot in layer:
            slot.u = start + depth / 2
    return starts, depths


def _ease(aside: float, depth: float) -> float:
    """How far a bend may reach into a layer: boxes have round corners, but a steep line needs its room before them."""
    return min(depth / 2, 12.0, 100.0 / max(abs(aside), 1.0))


def _turn(
    picture: Picture,
    slots: dict[str, Slot],
    chains: list[list[Slot]],
    sizes: dict[str, tuple[float, float]],
    columns: tuple[list[float], list[float]],
    across: bool,
) -> Layout:
    """From u and v to x and y: a dummy's place is a piece of line as long as its layer is deep."""
    starts, depths = columns
    routes: list[list[tuple[float, float]]] = []
    spaces: dict[str, tuple[float, float, float]] = {}
    for edge, chain in zip(picture.edges, chains):
        points: list[tuple[float, float]] = []
        for near, slot, far in zip(chain, chain[1:], chain[2:]):
            start, depth = starts[slot.rank], depths[slot.rank]
            points.append((start + _ease(slot.v - near.v, depth), slot.v))
            points.append((start + depth - _ease(far.v - slot.v, depth), slot.v))
        routes.append(points if across else [(v, u) for u, v in points])
        tail, head = chain[0].rank, chain[-1].rank
        before = max(tail, head - 1)
        spaces[edge.id] = (starts[tail] + depths[tail], starts[before] + depths[before], starts[head])
    centres = {id: (s.u, s.v) if across else (s.v, s.u) for id, s in slots.items()}
    if any(not math.isfinite(c) for centre in centres.values() for c in centre):  # pragma: no cover
        raise AssertionError("a box has no place")
    return Layout(centres, sizes, routes, spaces, picture.edges)
