"""The compose files as an engine would see them: read, filled in from an environment, laid over each other."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import reduce
from pathlib import Path
from typing import Any

import yaml

from deploy.generate.places import ROOT
from deploy.generate.variables import VARIABLES

MAIN = "docker-compose.yml"
DEVELOPMENT, CLUSTER, MONITORING = (f"deploy/compose/{name}.yml" for name in ("development", "cluster", "monitoring"))
TRIED = {variable.name: variable.tried for variable in VARIABLES if not variable.optional}


class NotSet(Exception):
    """A variable without which nothing starts."""


def composed(*names: str, environment: Mapping[str, str] = TRIED) -> dict[str, Any]:
    """Files of the repository, one over the other."""
    return reduce(laid_over, (read(ROOT / name, environment) for name in names))


def read(path: Path, environment: Mapping[str, str]) -> dict[str, Any]:
    """Raises NotSet."""
    filled: dict[str, Any] = _filled(yaml.safe_load(path.read_text(encoding="utf-8")), environment)
    return filled


def laid_over(lower: Any, upper: Any) -> Any:
    """Mappings are merged, lists go on; everything else is replaced."""
    match lower, upper:
        case dict(), dict():
            return {
                **lower,
                **{key: laid_over(lower[key], upper[key]) if key in lower else upper[key] for key in upper},
            }
        case list(), list():
            return [*lower, *(each for each in upper if each not in lower)]
        case _:
            return upper


def _filled(value: Any, environment: Mapping[str, str]) -> Any:
    match value:
        case dict():
            return {key: _filled(each, environment) for key, each in value.items()}
        case list():
            return [_filled(each, environment) for each in value]
        case str():
            return re.sub(r"\$\{([A-Z_]+)(:[-?])([^}]*)\}", lambda found: _value(*found.groups(), environment), value)
        case _:
            return value


def _value(name: str, otherwise: str, text: str, environment: Mapping[str, str]) -> str:
    if environment.get(name):
        return environment[name]
    if otherwise == ":?":
        raise NotSet(name)
    return text
