"""What the tests of the deployment share: the image laid out, PostgreSQL as its container starts it."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from deploy.setup import set_up
from tests.deploy.database import SCRIPTS, Container, container, give_to_nobody
from tests.deploy.image import Image, laid_out
from tests.postgres import program


@pytest.fixture(scope="session")
def image(tmp_path_factory: pytest.TempPathFactory) -> Image:
    return laid_out(tmp_path_factory.mktemp("image"))


@pytest.fixture(scope="module")
def folder() -> Iterator[Path]:
    """Short enough for a socket's path, and everybody may pass through."""
    made = Path(tempfile.mkdtemp(prefix="wegmarken-pg-"))
    made.chmod(0o755)
    yield made
    shutil.rmtree(made)


@pytest.fixture(scope="module")
def certificates(folder: Path) -> Path:
    """Those of an installation, which is in the folder above them."""
    set_up(folder / "installation")
    made = folder / "installation" / "certificates"
    give_to_nobody(made / "postgres" / "node.key")
    return made


@pytest.fixture(scope="module")
def primary(folder: Path, certificates: Path) -> Iterator[Container]:
    server = container(folder, "primary", certificates)
    server.run(program("initdb"), "--username", "postgres", "--auth", "trust", "--no-sync", "--locale", "C.UTF-8")
    server.start("postgres")
    try:
        server.run("sh", str(SCRIPTS / "10-databases.sh"))
        server.run(program("psql"), "--username", "postgres", "--command", "select pg_reload_conf()")
        yield server
    finally:
        server.stop()
