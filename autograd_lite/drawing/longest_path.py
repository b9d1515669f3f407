"""The spine: the longest path, which is drawn as a straight line."""

from __future__ import annotations

from collections.abc import Collection

from .model import Picture

__all__ = ["straighten"]

_WEIGHT = 12


def straighten(picture: Picture, light: Collection[str] = (), shared: bool = False) -> None:
    """Mark the boxes of the longest path, and give its edges weight.

    Args:
        picture: its boxes in topological order, operands before their consumers.
        light: ids of boxes that the path begins with only where there is nothing else.
        shared: only boxes through which every way from the path's beginning to its end goes, so that branches lie on
            both sides of the line.
    """
    into: dict[str, list[str]] = {item.id: [] for item in picture.boxes}
    for edge in picture.edges:
        into[edge.head].append(edge.tail)
    length: dict[str, float] = {}
    before: dict[str, str] = {}
    for id, tails in into.items():
        longest = max(tails, key=lambda tail: length[tail], default=None)  # the first at a tie
        length[id] = (0.5 if id in light else 1.0) + (length[longest] if longest is not None else 0.0)
        if longest is not None:
            before[id] = longest
    if not length:
        return
    path = [max(length, key=lambda id: length[id])]
    while path[-1] in before:
        path.append(before[path[-1]])
    chosen = set(path) if len(path) > 1 else set()
    if shared and chosen:
        chosen = _on_every_way(into, path[-1], path[0]) & chosen
    for item in picture.boxes:
        item.spine = item.id in chosen
    for edge in picture.edges:
        if edge.tail in chosen and edge.head in chosen:
            edge.weight = _WEIGHT


def _on_every_way(into: dict[str, list[str]], start: str, end: str) -> set[str]:
    """The boxes on every way from ``start`` to ``end``: as many ways go through them as there are."""
    ways = dict.fromkeys(into, 0)
    ways[start] = 1
    for id, tails in into.items():
        if tails and id != start:
            ways[id] = sum(ways[tail] for tail in tails)
    back = dict.fromkeys(into, 0)
    back[end] = 1
    for id in reversed(into):
        for tail in into[id]:
            back[tail] += back[id]
    return {id for id in into if ways[id] * back[id] == ways[end]}
