"""The next release, from whose code processes run in ``test_upgrade.py``, is one."""

from __future__ import annotations

from pathlib import Path

import pytest

from deploy.processes import SERVICES
from tests.platform.next_release import Change, next_release


def test_its_changes_fit_the_checkout_and_it_reads_what_this_one_records(tmp_path: Path) -> None:
    release = next_release(tmp_path)
    release.run("-c", "import " + ", ".join(f"services.{service}.service" for service in (*SERVICES, "portal")))
    release.run(
        "-c",
        "from shared.contracts import casework, intake\n"
        "from shared.contracts.registry import contract_of, upcast\n"
        "for newer in (casework.ConsultationHeld, intake.PersonRegistered):\n"
        "    contract = contract_of(newer)\n"
        "    assert contract.version == 2 and upcast(contract, 1, {}).keys() < set(contract.names), contract\n"
        "contract_of(intake.TitleCopied)",
    )


@pytest.mark.parametrize("old", ["a = 1", "b = 1"])
def test_a_change_that_does_not_fit_is_found_out(tmp_path: Path, old: str) -> None:
    (tmp_path / "probe.py").write_text("a = 1\na = 1\n")
    with pytest.raises(ValueError, match="not once"):
        Change("probe.py", old, "").made_in(tmp_path)
