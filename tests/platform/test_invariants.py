"""The invariants themselves: that they see what they are there for."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

import pytest

from shared.contracts.eligibility import HousingPhaseDetermined, eligibility_stream
from shared.eventstore.opening import open_store
from shared.privacy.sealer import KeyRingSealer
from tests.backup.installation import Installation, person
from tests.contracts.golden_files import example
from tests.platform import invariants
from tests.recording import record


def test_a_determination_that_says_what_the_one_before_said_is_seen(tmp_path: Path) -> None:
    installation = Installation(tmp_path / "var").begin()
    one, other = person(1), person(2)
    determine(installation, one, "R1")
    determine(installation, other, "R1")
    determine(installation, one, "R2")
    determine(installation, one, "R1")
    invariants.assert_every_reaction_had_its_effect_once(installation.data)
    determine(installation, one, "R1")
    with pytest.raises(AssertionError, match="the same was determined twice"):
        invariants.assert_every_reaction_had_its_effect_once(installation.data)


def determine(installation: Installation, whose: str, rule: str) -> None:
    told = {**vars(example(HousingPhaseDetermined)), "person_id": whose, "rule": rule}
    with closing(open_store(installation.settings.eventstore)) as store, closing(installation.ring()) as ring:
        event = HousingPhaseDetermined(**told)
        record(store, KeyRingSealer(ring), eligibility_stream(event.person_id), event, learnt_on=event.occurred_on)
