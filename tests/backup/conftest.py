"""A small installation without processes: what the services would have recorded, with accounts and an access log."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from services.portal.login.accounts import Accounts
from services.portal.login.database import open_database
from services.portal.login.sessions import Sessions
from shared.api.roles import AUDITOR
from shared.contracts.intake import PersonRegistered
from shared.contracts.model import HouseholdId, PersonalClass, PersonId
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
            Accounts(database).add("probe", [AUDITOR], PASSWORD)
            account = Accounts(database).verify("probe", PASSWORD)
            assert account is not None
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


@pytest.fixture
def installation(tmp_path: Path) -> Installation:
    """Three people are recorded."""
    begun = Installation(tmp_path / "var").begin()
    begun.register(*map(person, range(3)))
    return begun


@pytest.fixture
def safe(installation: Installation, tmp_path: Path) -> Path:
    """The safe place: the secrets, apart from all backups."""
    installation.done("backup", "secrets", tmp_path / "safe")
    return tmp_path / "safe"
