"""The next release, for tests: a copy of the checkout's packages in which a few texts are replaced. Processes of the
next release run from it, beside those of this one and over the same data.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from deploy.supervisor import Child, inherited

ROOT: Final = Path(__file__).parents[2]
PACKAGES: Final = ("benchmarks", "deploy", "scenarios", "services", "shared", "tests", "wegmarken")
LINKED: Final = "services/portal/node_modules"
"""What is large and the same."""


@dataclass(frozen=True, slots=True)
class Change:
    """In a file of the checkout one text takes the place of another."""

    file: str
    old: str
    new: str

    def made_in(self, folder: Path) -> None:
        """Raises ValueError unless the old text is there exactly once."""
        path = folder / self.file
        text = path.read_text()
        if (found := text.count(self.old)) != 1:
            raise ValueError(f"{self.file}: found {found} times, not once: {self.old!r}")
        path.write_text(text.replace(self.old, self.new))


TALKS_TELL_MORE: Final = (
    Change(
        "shared/contracts/casework.py",
        "@published(version=1)\n@dataclass(frozen=True, kw_only=True)\nclass ConsultationHeld(Event):\n",
        '@upcaster("casework.ConsultationHeld", from_version=1)\n'
        "def _without_children(data: dict[str, Any]) -> dict[str, Any]:\n"
        '    return data | {"with_children": None}\n\n\n'
        "@published(version=2)\n@dataclass(frozen=True, kw_only=True)\nclass ConsultationHeld(Event):\n",
    ),
    Change(
        "shared/contracts/casework.py",
        '    the former were contacted. What the talk was about is sealed with the case\'s keys.\n    """\n',
        '    the former were contacted. What the talk was about is sealed with the case\'s keys.\n    """\n\n'
        '    with_children: Personal[bool | None] = personal(PersonalClass.STATISTICS, subject="case_id")\n',
    ),
    Change(
        "services/casework/consultation.py",
        "        ConsultationHeld(\n",
        "        ConsultationHeld(\n            with_children=False,\n",
    ),
)
"""Version 2 of an event of casework, with one more field."""

REGISTRATIONS_TELL_MORE: Final = (
    Change("shared/contracts/intake.py", "from typing import Literal\n", "from typing import Any, Literal\n"),
    Change("shared/contracts/intake.py", "import published\n", "import published, upcaster\n"),
    Change(
        "shared/contracts/intake.py",
        "@published(version=1)\n@dataclass(frozen=True, kw_only=True)\nclass PersonRegistered(Event):\n",
        '@upcaster("intake.PersonRegistered", from_version=1)\n'
        "def _without_desk(data: dict[str, Any]) -> dict[str, Any]:\n"
        '    return data | {"desk": None}\n\n\n'
        "@published(version=2)\n@dataclass(frozen=True, kw_only=True)\nclass PersonRegistered(Event):\n",
    ),
    Change(
        "shared/contracts/intake.py",
        '    § 9 (1) Nr. 4 FlüAG and is None while the district has not taken the person in.\n    """\n',
        '    § 9 (1) Nr. 4 FlüAG and is None while the district has not taken the person in.\n    """\n\n'
        "    desk: str | None\n",
    ),
    Change(
        "services/intake/registration.py",
        "            return PersonRegistered(\n",
        '            return PersonRegistered(\n                desk="A",\n',
    ),
)
"""The same of an event of intake to which eligibility reacts."""

TITLES_ARE_COPIED: Final = (
    Change(
        "shared/contracts/intake.py",
        "@published(version=1)\n@dataclass(frozen=True, kw_only=True)\nclass TolerationIssued(Event):\n",
        "@published(version=1)\n@dataclass(frozen=True, kw_only=True)\nclass TitleCopied(Event):\n"
        "    person_id: PersonId\n    title_id: str\n\n\n"
        "@published(version=1)\n@dataclass(frozen=True, kw_only=True)\nclass TolerationIssued(Event):\n",
    ),
    Change("services/intake/permits.py", "import TitleGranted, Tol", "import TitleCopied, TitleGranted, Tol"),
    Change("services/intake/permits.py", "TypeAlias = TitleGranted", "TypeAlias = TitleCopied | TitleGranted"),
    Change(
        "services/intake/permits.py",
        "    match event:\n",
        "    match event:\n        case TitleCopied():\n            return permits\n",
    ),
    Change(
        "services/intake/permits.py",
        "                    occurred_on=command.granted_on,\n                )\n",
        "                    occurred_on=command.granted_on,\n                ),\n"
        "                TitleCopied(\n"
        "                    person_id=command.person_id,\n"
        '                    title_id=new_id("title_id"),\n'
        "                    occurred_on=command.granted_on,\n                ),\n",
    ),
)
"""An event of a new type, recorded with one of old, and announced to eligibility."""

OTHER_VIEWS: Final = (
    Change("services/casework/views/which_cases.py", '"casework.cases", ', '"casework.cases", 1 + '),
    Change(
        "services/reporting/views/who_was_advised.py",
        '"reporting.who_was_advised", ',
        '"reporting.who_was_advised", 1 + ',
    ),
)
"""Views of which the next release knows the next version: the second of them reads talks."""

CHANGES: Final = (*TALKS_TELL_MORE, *REGISTRATIONS_TELL_MORE, *TITLES_ARE_COPIED, *OTHER_VIEWS)


@dataclass(frozen=True, slots=True)
class Release:
    """A release whose packages lie in a folder."""

    folder: Path

    @property
    def environment(self) -> dict[str, str]:
        """What makes a Python process import from there, wherever it is started."""
        return {"PYTHONPATH": str(self.folder), "PYTHONSAFEPATH": "yes"}

    def takes_over(self, child: Child) -> None:
        """From its next start on, the process is one of this release."""
        child.environment = {**child.environment, **self.environment}

    def run(self, *arguments: str) -> None:
        """Run Python over this release. Fails where it does, and shows what it said."""
        done = subprocess.run(
            [sys.executable, *arguments], env=inherited(**self.environment), capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stderr


THIS: Final = Release(ROOT)


def next_release(folder: Path, changes: Iterable[Change] = CHANGES) -> Release:
    """Make it in a folder. Raises ValueError for a change that does not fit the checkout."""
    for package in PACKAGES:
        leave = shutil.ignore_patterns(Path(LINKED).name)
        shutil.copytree(ROOT / package, folder / package, ignore=leave)
    (folder / LINKED).symlink_to(ROOT / LINKED)
    for change in changes:
        change.made_in(folder)
    return Release(folder)
