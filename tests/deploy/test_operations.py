"""What docs/operations.md tells people to type exists: files, services, options, and the tools' commands."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator, Mapping, Sequence
from typing import Final

import click
import pytest

from deploy.generate.places import ROOT
from tests.deploy.composed import CLUSTER, MAIN, MONITORING, composed
from tests.deploy.database import CREATE_SLOT
from wegmarken.cli import wegmarken

TEXT: Final = (ROOT / "docs" / "operations.md").read_text(encoding="utf-8")
SERVICES: Final = composed(MAIN, CLUSTER, MONITORING)["services"]
FLAGS: Final[Mapping[str, frozenset[str]]] = {
    "build": frozenset(),
    "exec": frozenset({"-T"}),
    "logs": frozenset({"--no-log-prefix"}),
    "ps": frozenset({"--all", "--quiet"}),
    "restart": frozenset(),
    "rm": frozenset({"--force", "--stop"}),
    "run": frozenset({"--rm", "-T"}),
    "stop": frozenset(),
    "up": frozenset({"--detach", "--force-recreate", "--no-deps", "--no-recreate", "--wait"}),
}
"""What the page uses of the engine's command line."""
WITH_VALUE: Final = {"--scale", "--volume"}
OF_ITS_OWN: Final = {"exec", "run"}
"""What follows the service is a command there, and else more services."""
PLACEHOLDER: Final = re.compile(r"[A-Z]+|\$\d|…")


def commands() -> Iterator[str]:
    """Whatever follows ``docker compose``, in blocks and in sentences, each up to its end in the shell."""
    for number, part in enumerate(re.split(r"^```$", TEXT, flags=re.MULTILINE)):
        lines = part.replace("\\\n", " ").splitlines()
        for line in lines if number % 2 else re.findall(r"`([^`]+)`", part.replace("\n", " ")):
            for command in re.split(r"&&|\|\||[;|<>]", re.sub(r"\$\(.*?\)+", "VALUE", line)):
                yield from re.findall(r"\bdocker compose ([-a-z].*)", command)


def split(command: str) -> tuple[list[str], str, list[str]]:
    """Files, what the engine is to do, and the rest."""
    words, files = shlex.split(command, comments=True), []
    while words[0].startswith("-"):
        option, value, *words = words
        assert option in ("-f", "--env-file"), option
        files.append(value)
    return files, words[0], words[1:]


@pytest.mark.parametrize("command", sorted(set(commands())))
def test_every_command_can_be_given(command: str) -> None:
    files, action, words = split(command)
    assert all((ROOT / name).exists() for name in files)
    while words and words[0].startswith("-"):
        option, *words = words
        if option in WITH_VALUE:
            value, *words = words
            assert option != "--scale" or is_service(value.partition("=")[0]), value
        else:
            assert option in FLAGS[action], option
    if action in OF_ITS_OWN:
        service, *words = words
        assert is_service(service), service
        if service == "tools":
            assert_known(wegmarken, words)
    else:
        assert all(map(is_service, words)), words


def is_service(name: str) -> bool:
    return name in SERVICES or PLACEHOLDER.fullmatch(name) is not None


def assert_known(command: click.Command, words: Sequence[str]) -> None:
    """It is a command with these options, none is missing, and it takes so many arguments."""
    while isinstance(command, click.Group):
        name, *words = words
        found = command.get_command(click.Context(command), name)
        assert found is not None, name
        command = found
    with click.Context(command) as context:
        given, left_over, _ = command.make_parser(context).parse_args(list(words))
    assert not left_over
    assert [each.name for each in command.params if each.required and given.get(each.name) is None] == []


def test_the_page_gives_many_and_also_those_that_are_run_elsewhere_in_the_tests() -> None:
    assert len(set(commands())) > 40
    assert CREATE_SLOT in TEXT
