"""Tables as files for spreadsheets."""

from __future__ import annotations

from services.portal.web.sheet import as_text


def test_a_cell_is_no_formula() -> None:
    assert [as_text(cell) for cell in ("=1+1", "-3", "+49 7161", "@x", "Probe", -3, 8.05)] == [
        "'=1+1",
        "'-3",
        "'+49 7161",
        "'@x",
        "Probe",
        -3,
        8.05,
    ]
