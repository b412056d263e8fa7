"""A small installation without processes: what the services would have recorded, with accounts and an access log; and
what an operator does with it."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from click.testing import CliRunner, Result

from services.portal.login.accounts import Accounts
from services.portal.login.database import open_database
from services.portal.login.sessions import Sessions
from shared.api.roles import AUDITOR
from shared.contracts.codec import decode
from shared.contracts.intake import PersonRegistered
from shared.contracts.model import HouseholdId, PersonalClass, PersonId
from shared.eventstore.chain import Chain
from shared.eventstore.copying import everything
from shared.eventstore.opening import open_store
from shared.privacy.access_log import open_access_log
from shared.privacy.keyring import KeyRing, open_keyring
from shared.privacy.sealer import KeyRingSealer
from shared.privacy.secrets import create_secrets, load_masters
from shared.runtime.config import Settings
from tests.contracts.golden_files import example
from tests.recording import record
from wegmarken.cli import wegmarken

PASSWORD = "lang-genug-1234"
NOON = datetime(2018, 11, 5, 12, tzinfo=UTC)
NEW = "--no-later-erasures"


@dataclass(frozen=True)
class Installation:
    """What lies under a data directory; ``further`` settings name servers."""

    data: Path
    further: Mapping[str, str] = field(default_factory=dict)

    @property
    def environment(self) -> dict[str, str]:
        return {"WEGMARKEN_DATA": str(self.data), **self.further}

    @property
    def settings(self) -> Settings:
        return Settings.from_environment(self.environment)

    def ring(self) -> KeyRing:
        return open_keyring(self.settings.keyring, load_masters(self.settings.secrets, tuple(PersonalClass)))

    def begin(self) -> Installation:
        """Secrets, an account that is logged in, and somebody who read a record."""
        create_secrets(self.settings.secrets)
        with closing(open_database(self.settings.portal)) as database:
            account = Accounts(database).add("probe", [AUDITOR], PASSWORD)
            Sessions(database, 1800).begin(account)
        with closing(open_access_log(self.settings.access_log)) as log:
            log.record("p1", actor="probe", purpose="persons", at=NOON)
        return self

    def register(self, *persons: PersonId) -> None:
        """Record people, each with sealed fields."""
        with closing(open_store(self.settings.eventstore)) as store, closing(self.ring()) as ring:
            for person_id in persons:
                changed = {**vars(example(PersonRegistered)), "person_id": person_id, "household_id": household(1)}
                event = PersonRegistered(**changed)
                record(store, KeyRingSealer(ring), f"person-{person_id}", event, learnt_on=event.occurred_on)

    def run(self, *arguments: str | Path) -> Result:
        """``wegmarken`` with these arguments."""
        return CliRunner().invoke(wegmarken, [str(each) for each in arguments], env=self.environment)

    def done(self, *arguments: str | Path) -> str:
        """What it prints; the test fails if it does not work."""
        result = self.run(*arguments)
        assert result.exit_code == 0, result.output
        return result.stdout


def person(number: int) -> PersonId:
    return PersonId(f"00000000-0000-4000-8000-{number:012}")


def household(number: int) -> HouseholdId:
    return HouseholdId(f"00000000-0000-4000-9000-{number:012}")


def restored(to: Installation, directory: Path, safe: Path, *options: str | Path) -> Installation:
    """The installation that comes back; one with nobody erased since unless options say otherwise."""
    to.done("backup", "restore", directory, "--secrets", safe, *(options or (NEW,)))
    return to


def chain(installation: Installation) -> str:
    with closing(open_store(installation.settings.eventstore)) as store:
        found = Chain()
        for event in everything(store):
            found.add(event)
        return found.digest


def family_name(installation: Installation, person_id: PersonId) -> Any:
    """As somebody with all masters reads it."""
    with closing(open_store(installation.settings.eventstore)) as store, closing(installation.ring()) as ring:
        (stored,) = store.read(f"person-{person_id}")
        event: Any = decode(stored, KeyRingSealer(ring)).event
        return event.family_name


def erase(installation: Installation, number: int) -> None:
    installation.done("erase", person(number), "--reason", "request", "--yes")


def replace(secret: Path, room: Path) -> None:
    """Put that of another installation in its place."""
    create_secrets(room / "stranger")
    secret.write_bytes((room / "stranger" / secret.name).read_bytes())


def counted(installation: Installation, table: str) -> int:
    with closing(open_database(installation.settings.portal)) as database:
        found: int = database.read(f"select count(*) as found from {table}")[0]["found"]
        return found


def refused(installation: Installation, *arguments: str | Path, code: int = 1) -> str:
    """The clear line that says why; no traceback."""
    result = installation.run(*arguments)
    assert result.exit_code == code, result.output
    assert isinstance(result.exception, SystemExit | None)
    return result.stderr


def on(url: str) -> dict[str, str]:
    """The settings by which key ring, accounts and access log are in this database."""
    return {f"WEGMARKEN_{use}": url for use in ("KEYRING", "PORTAL", "ACCESS_LOG")}
