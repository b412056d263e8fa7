"""Writing YAML that reads as if written by hand: blocks in the order given, anchors with names, room between parts."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import yaml


class Anchored(dict[str, Any]):
    """A mapping that others merge (``<<: *name``); its own place shows it as ``&name``."""

    def __init__(self, name: str, content: Mapping[str, Any]) -> None:
        super().__init__(content)
        self.name = name


class Merging(dict[str, Any]):
    """A mapping that begins with everything of an anchored one; what it says itself comes on top."""

    def __init__(self, base: Anchored, content: Mapping[str, Any]) -> None:
        super().__init__(content)
        self.base = base

    @property
    def merged(self) -> dict[str, Any]:
        return {**self.base, **self}


class Flow(list[str]):
    """A short list on one line."""


class _Dumper(yaml.SafeDumper):
    def __init__(self, *how: Any, **options: Any) -> None:
        super().__init__(*how, **options)
        self.names: dict[yaml.Node, str] = {}

    def ignore_aliases(self, data: Any) -> bool:
        return not isinstance(data, Anchored)

    def generate_anchor(self, node: yaml.Node) -> str:
        return self.names[node]

    def increase_indent(self, flow: bool = False, indentless: bool = False) -> None:
        super().increase_indent(flow, False)


def _anchored(dumper: _Dumper, data: Anchored) -> yaml.Node:
    node = dumper.represent_dict(data.items())
    dumper.names[node] = data.name
    return node


def _merging(dumper: _Dumper, data: Merging) -> yaml.Node:
    node = dumper.represent_dict(data.items())
    key = yaml.ScalarNode("tag:yaml.org,2002:merge", "<<")
    node.value.insert(0, (key, dumper.represent_data(data.base)))
    return node


def _flow(dumper: _Dumper, data: Flow) -> yaml.Node:
    return dumper.represent_sequence("tag:yaml.org,2002:seq", data, flow_style=True)


def _string(dumper: _Dumper, data: str) -> yaml.Node:
    return dumper.represent_scalar("tag:yaml.org,2002:str", data, style="|" if "\n" in data else None)


_Dumper.add_representer(Anchored, _anchored)
_Dumper.add_representer(Merging, _merging)
_Dumper.add_representer(Flow, _flow)
_Dumper.add_representer(str, _string)


def as_yaml(heading: str, document: Mapping[str, Any], notes: Mapping[str, str] | None = None) -> str:
    """A document under a comment. ``notes`` are comments above first-level keys and services, by key."""
    text = yaml.dump(dict(document), Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=1000)
    return _commented(heading, "") + "\n" + _with_room(text, notes or {})


def _commented(text: str, indent: str) -> str:
    return "".join(f"{indent}# {line}".rstrip() + "\n" for line in text.splitlines())


def _with_room(text: str, notes: Mapping[str, str]) -> str:
    """A blank line before each part of the first level, and before each service of the second."""
    lines: list[str] = []
    section = ""
    for line in text.splitlines():
        if found := re.fullmatch(r"(  )?([^\s#-][^:]*):( .*)?", line):
            indent, key = found[1] or "", found[2]
            section = section if indent else key
            if lines and (not indent or (section == "services" and lines[-1] != "services:")):
                lines.append("")
            if key in notes and (not indent or section == "services"):
                lines += _commented(notes[key], indent).splitlines()
        lines.append(line)
    return "\n".join(lines) + "\n"
