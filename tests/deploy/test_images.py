"""The image's recipe copies what is there, and all that is needed. No engine is needed for that."""

from __future__ import annotations

import re
from pathlib import Path

from deploy.generate.places import CODE, IMAGES, ROOT
from deploy.processes import CONTAINERS, HTTP, PORTAL
from deploy.setup import USER
from shared.runtime.config import Settings
from shared.runtime.version import VERSION
from tests.backup.installation import Installation, person
from tests.deploy.image import RECIPE, STAGES, STEPS, Image, copied, ignored
from wegmarken.backup.manifest import Manifest

PROXY = (ROOT / "deploy" / "proxy" / "Caddyfile").read_text()


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


EVERYTHING = """
import pkgutil, sys
from importlib import import_module, metadata
from pathlib import Path

packages = [path.parent.name for path in Path().glob("*/__init__.py")]
for module in pkgutil.walk_packages(["."]):
    if module.name.partition(".")[0] in packages and not module.name.endswith("__main__"):
        assert Path(import_module(module.name).__file__).is_relative_to(Path.cwd()), module.name
print(*packages, *(name for name in map(str.lower, metadata.packages_distributions()) if name in packages))
"""


def test_every_module_can_be_imported_with_the_packages_of_the_image_and_nothing_else(image: Image) -> None:
    done = image.run("-c", EVERYTHING)
    assert done.returncode == 0, done.stderr
    assert sorted(done.stdout.split()) == ["deploy", "scenarios", "services", "shared", "wegmarken"]


def test_the_image_makes_and_verifies_a_backup(image: Image, tmp_path: Path) -> None:
    """Nothing of ours is installed there: no metadata of a package says which version it is."""
    installation = Installation(tmp_path / "var").begin()
    installation.register(person(0))
    for command in ("create", "verify"):
        done = image.run("-m", "wegmarken", "backup", command, tmp_path / "backup", **installation.environment)
        assert done.returncode == 0, done.stderr
    assert Manifest.read(tmp_path / "backup").software == VERSION


def test_the_tools_image_has_the_client_programs_of_the_server_s_version() -> None:
    """Older ones refuse to copy from it."""
    (client,) = re.findall(r"postgresql-client-(\d+)", STAGES["tools"])
    assert IMAGES["postgres"].startswith(f"postgres:{client}.")


def test_the_image_runs_as_nobody_from_a_fixed_place() -> None:
    for stage in ("platform", "tools"):
        assert re.findall(r"^USER (\S+)$", STAGES[stage], re.MULTILINE)[-1] == f"{USER}:{USER}", stage
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
