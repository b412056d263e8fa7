"""Days as people write them: read by the server, and by the browser in the same way."""

from __future__ import annotations

from datetime import date

import pytest
from playwright.sync_api import Page

from services.portal.language.days import NoDay, read_day
from services.portal.web.as_of import AsOf, read
from tests.portal.conftest import Open

TODAY = date(2018, 6, 1)
MEANT = {
    "5.11.18": date(2018, 11, 5),
    "05.11.2018": date(2018, 11, 5),
    "5.11.": date(2017, 11, 5),
    "31.5.": date(2018, 5, 31),
    "1.6": date(2018, 6, 1),
    "29.2.": date(2016, 2, 29),
    "1/2/2018": date(2018, 2, 1),
    "051118": date(2018, 11, 5),
    "05112018": date(2018, 11, 5),
    "2018-11-05": date(2018, 11, 5),
    "heute": TODAY,
    " Gestern ": date(2018, 5, 31),
    "yesterday": date(2018, 5, 31),
    "vorgestern": date(2018, 5, 30),
    "morgen": date(2018, 6, 2),
    "-3": date(2018, 5, 29),
    "–3": date(2018, 5, 29),
    "+14": date(2018, 6, 15),
    "1.1.29": date(1929, 1, 1),
    "1.1.28": date(2028, 1, 1),
}
MEANINGLESS = ("31.2.2018", "1.13.2018", "bald", "5", "5.11.201", "", "32.", "2018-02-30", "0.0.2018")


@pytest.mark.parametrize("written", MEANT)
def test_a_day_is_read_as_it_is_meant(written: str) -> None:
    assert read_day(written, TODAY) == MEANT[written]


@pytest.mark.parametrize("written", MEANINGLESS)
def test_what_is_no_day_is_none(written: str) -> None:
    with pytest.raises(NoDay):
        read_day(written, TODAY)


def test_the_browser_reads_days_in_the_same_way(open_page: Open) -> None:
    page: Page = open_page()
    page.goto("/hilfe")
    script = page.locator("script[src*='main.js']").get_attribute("src") or ""
    found = page.evaluate(
        """async ([address, today, all]) => {
            const { readDay } = await import(address);
            const read = (text) => readDay(text, new Date(`${today}T00:00:00Z`))?.toISOString().slice(0, 10) ?? null;
            return Object.fromEntries(all.map((text) => [text, read(text)]));
        }""",
        [script.replace("main.js", "days.js"), TODAY.isoformat(), [*MEANT, *MEANINGLESS]],
    )
    assert found == {text: day.isoformat() for text, day in MEANT.items()} | dict.fromkeys(MEANINGLESS)


def test_the_as_of_bar_takes_days_and_positions() -> None:
    assert read({}, TODAY) == AsOf()
    assert read({"stichtag": "31.5."}, TODAY) == AsOf(valid_at=date(2018, 5, 31))
    assert read({"stichtag": "heute"}, TODAY).is_now
    assert read({"wissensstand": "36732"}, TODAY).asked == {"valid_at": None, "known_at": 36732}
    assert read({"wissensstand": "gestern"}, TODAY).query == "?wissensstand=2018-05-31"
    wrong = read({"stichtag": "irgendwann"}, TODAY)
    assert (wrong.valid_at, wrong.wrong, wrong.is_now) == (None, {"stichtag"}, False)
