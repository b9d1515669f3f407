"""Graphs and states as files: JSON for graphs; safetensors, NumPy archives and JSON for states."""

from .graph_json import from_json, to_json
from .state_files import load, save

__all__ = ["from_json", "load", "save", "to_json"]
