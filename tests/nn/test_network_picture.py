"""A recorded network drawn as one: circles for neurons, arrows for weights."""

from __future__ import annotations

import xml.etree.ElementTree as ET

import pytest

import autograd_lite as ag
from autograd_lite import nn
from autograd_lite.drawing.draw import picture_of
from autograd_lite.drawing.graph_view import Options


@pytest.fixture
def layers():
    return [nn.Linear(3, 4), nn.Linear(4, 2), nn.Linear(2, 2)]


def recorded(layers, x):
    h = x
    for layer in layers[:-1]:
        h = nn.ReLU()(layer(h))
    return nn.MSELoss()(layers[-1](h), [0.0, 1.0])


@pytest.mark.parametrize("values", [True, False])
def test_columns_and_arrows(layers, values):
    loss = recorded(layers, ag.values([1.0, 2.0, 3.0]) if values else [1.0, 2.0, 3.0])
    picture = picture_of([loss], "network", Options())
    assert [len(column) for column in picture.columns] == [3, 4, 2, 2, 1]
    assert len(picture.boxes) == 12
    assert len(picture.edges) == 12 + 8 + 4 + 2
    assert all(edge.tail != edge.head for edge in picture.edges)
    tips = [edge.tooltip for edge in picture.edges]
    assert sum(tip.startswith("weight[") for tip in tips) == 24


def test_a_weight_in_blue_and_all_downstream_in_orange(layers):
    loss = recorded(layers, [1.0, 2.0, 3.0])
    weight = layers[1].weight[1, 0]
    picture = picture_of([loss], "network", Options(values=False), highlight=weight)
    blue = [edge for edge in picture.edges if edge.colour == "blue"]
    assert len(blue) == 1
    assert blue[0].tooltip.startswith("weight[1, 0]")
    assert sum(edge.colour == "orange" for edge in picture.edges) == 2 + 2
    assert sum(box.stroke == "orange" for box in picture.boxes) == 1 + 2 + 1


def test_draw(layers):
    loss = recorded(layers, [1.0, 2.0, 3.0])
    loss.backward()
    for theme in ("light", "dark"):
        drawing = ag.draw(loss, style="network", theme=theme, highlight=layers[0].weight[0, 0])
        ET.fromstring(drawing.pipe(format="svg", encoding="utf-8"))
    assert len(picture_of([nn.MLP(2, [3, 1])([1.0, 2.0])], "network", Options()).edges) == 6 + 3


def test_what_it_refuses(layers):
    loss = recorded(layers, [1.0, 2.0, 3.0])
    with pytest.raises(ag.RenderError, match="no neuron"):
        ag.draw(ag.Value(1.0) * 2.0, style="network")
    with pytest.raises(ag.RenderError, match="highlight"):
        ag.draw(loss, style="network", highlight=ag.Value(1.0))
    with pytest.raises(ag.RenderError, match="circles"):
        ag.draw(loss, style="network", max_nodes=5)
    with pytest.raises(ag.RenderError, match="network"):
        ag.draw(loss, style="cubist")
