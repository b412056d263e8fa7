"""What the image is made of, read from its recipe and laid out on this machine: no engine is needed for that."""

from __future__ import annotations

import re
import shutil
import subprocess
import venv
from fnmatch import fnmatch
from importlib.metadata import distribution
from pathlib import Path, PurePosixPath
from typing import Final, NamedTuple

from deploy.generate.places import ROOT

RECIPE: Final = (ROOT / "deploy" / "images" / "Dockerfile").read_text()
STEPS: Final = re.sub(r"\\\n", " ", re.sub(r"^#.*\n", "", RECIPE, flags=re.MULTILINE)).splitlines()
_STAGES = re.split(r"^FROM \S+(?: AS (\S+))?$", "\n".join(STEPS), flags=re.MULTILINE)
STAGES: Final = dict(zip(_STAGES[1::2], _STAGES[2::2], strict=True))
"""The steps of each stage."""
ENVIRONMENT: Final = dict(re.findall(r"(PYTHON\w+)=(\S+)", STAGES["platform"]))
RULES: Final = [
    rule for line in (ROOT / ".dockerignore").read_text().splitlines() if (rule := line.strip()) and rule[0] != "#"
]


class Image(NamedTuple):
    """The code where ``python`` finds nothing else of ours, and no package but those that the image installs."""

    python: Path
    code: Path

    def run(self, *arguments: str | Path, **environment: str) -> subprocess.CompletedProcess[str]:
        """``python …``, with nothing of our own environment."""
        command = [str(self.python), *map(str, arguments)]
        environment = ENVIRONMENT | environment
        return subprocess.run(command, cwd=self.code, env=environment, capture_output=True, text=True, timeout=120)


def copied(steps: str = "\n".join(STEPS)) -> list[str]:
    """What these steps copy from the repository."""
    copies = [step.split() for step in steps.splitlines() if step.startswith("COPY ") and "--from" not in step]
    return [source for copy in copies for source in copy[1:-1]]


def ignored(path: str) -> bool:
    """As the engine decides: the last rule that fits the path, or a folder it is in."""
    verdict = False
    places = [path, *map(str, PurePosixPath(path).parents)]
    for rule in RULES:
        pattern = rule.removeprefix("!")
        if any(fnmatch(place, pattern) or fnmatch(f"/{place}", pattern.replace("**", "*")) for place in places):
            verdict = not rule.startswith("!")
    return verdict


def laid_out(folder: Path) -> Image:
    """The stage ``platform``: what it copies, with the locked packages in an environment of its own."""
    image = Image(folder / "venv" / "bin" / "python", folder / "code")
    venv.create(folder / "venv", symlinks=True)
    (packages,) = (folder / "venv" / "lib").glob("python*/site-packages")
    for name in re.findall(r"^([\w.-]+)==", (ROOT / "requirements.lock").read_text(), re.MULTILINE):
        installed = distribution(name)
        for part in {file.parts[0] for file in installed.files or () if file.parts[0] not in ("..", "__pycache__")}:
            if not (packages / part).exists():
                (packages / part).symlink_to(str(installed.locate_file(part)))
    for source in copied(STAGES["platform"]):
        shutil.copytree(ROOT / source, image.code / source, ignore=_what_is_ignored)
    front_end = Path("services", "portal", "node_modules")
    (image.code / front_end).symlink_to(ROOT / front_end)
    return image


def _what_is_ignored(directory: str, names: list[str]) -> set[str]:
    inside = Path(directory).relative_to(ROOT)
    return {name for name in names if ignored(str(inside / name))}
