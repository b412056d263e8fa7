"""The image's recipe copies what is there, and ignores nothing that it copies. No engine is needed for that."""

from __future__ import annotations

import re
from fnmatch import fnmatch
from pathlib import PurePosixPath

from deploy.generate.places import CODE, ROOT
from deploy.processes import CONTAINERS, HTTP, PORTAL
from deploy.setup import USER
from shared.runtime.config import Settings

RECIPE = (ROOT / "deploy" / "images" / "Dockerfile").read_text()
STEPS = re.sub(r"\\\n", " ", re.sub(r"^#.*\n", "", RECIPE, flags=re.MULTILINE)).splitlines()
PROXY = (ROOT / "deploy" / "proxy" / "Caddyfile").read_text()


def copied() -> list[str]:
    """What is copied from the repository."""
    return [
        source for step in STEPS if step.startswith("COPY ") and "--from" not in step for source in step.split()[1:-1]
    ]


def ignored(path: str) -> bool:
    """As the engine decides: the last rule that fits the path, or a folder it is in."""
    verdict = False
    for rule in (ROOT / ".dockerignore").read_text().splitlines():
        pattern = rule.strip().removeprefix("!")
        if not pattern or pattern.startswith("#"):
            continue
        places = [path, *map(str, PurePosixPath(path).parents)]
        if any(fnmatch(place, pattern) or fnmatch(f"/{place}", pattern.replace("**", "*")) for place in places):
            verdict = not rule.startswith("!")
    return verdict


def test_what_the_image_copies_is_there_and_not_ignored() -> None:
    assert "requirements.lock" in copied()
    for source in copied():
        assert (ROOT / source).exists(), source
        assert not ignored(source), source
    assert ignored("tests/conftest.py") and ignored(".env") and ignored("var/secrets/portal.key")
    assert ignored("services/portal/node_modules/htmx.org/package.json") and ignored("installation/secrets/portal.key")
    assert not ignored("services/portal/templates/base.html") and ignored("deploy/env.development")


def test_every_module_that_a_container_runs_is_in_the_image() -> None:
    for process in CONTAINERS:
        folder, *_ = process.command[0].split(".")
        assert folder in copied()
    for package in ("deploy", "scenarios", "services", "shared", "wegmarken"):
        assert package in copied()


def test_the_image_runs_as_nobody_from_a_fixed_place() -> None:
    stages = re.split(r"^FROM \S+(?: AS (\S+))?$", "\n".join(STEPS), flags=re.MULTILINE)
    steps_of = dict(zip(stages[1::2], stages[2::2], strict=True))
    for stage in ("platform", "tools"):
        assert re.findall(r"^USER (\S+)$", steps_of[stage], re.MULTILINE)[-1] == f"{USER}:{USER}", stage
    assert f"WORKDIR {CODE}" in STEPS
    assert [step for step in STEPS if "pip" in step and "--require-hashes" in step]
    assert [step for step in STEPS if step.startswith("RUN python -m pip uninstall")]
    bases = re.findall(r"^ARG \w+=(\S+)$", RECIPE, re.MULTILINE)
    assert bases and all(re.search(r":\d+\.\d+\.\d+", base) for base in bases), "a base without a version"


def test_the_proxy_lets_nobody_see_what_is_for_inside_and_keeps_no_log_of_accesses() -> None:
    assert "@inside path /health/* /metrics /parked /clock\n\thandle @inside {\n\t\trespond 404\n" in PROXY
    assert "log {\n\t\tformat filter" in PROXY and PROXY.count("log {") == 1, "the server's own log, no access log"
    assert "trusted_proxies" not in PROXY


def test_the_proxy_leads_to_every_service_and_takes_bodies_as_large_as_they_do() -> None:
    for process in (*HTTP, PORTAL):
        assert f"import to {process.name} {process.default_port}\n" in PROXY
    largest = Settings.from_environment({}).max_body
    assert f"max_size {largest}\n" in PROXY and f"> {largest}`" in PROXY
