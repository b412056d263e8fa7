"""A real browser: Debian's Chromium, driven by playwright; pictures and the accessibility check."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final, Literal

from playwright.sync_api import Browser, BrowserContext, Page, ViewportSize

from services.portal.web.visit import SESSION
from tests.portal.house import ACCOUNTS, RunningPortal
from tests.waiting import until

ROOT: Final = Path(__file__).parents[2]
SCREENSHOTS: Final = ROOT / "var" / "screenshots"
PICTURES: Final = "PICTURES" in os.environ
"""Whether they are taken at all."""
AXE: Final = ROOT / "services" / "portal" / "node_modules" / "axe-core" / "axe.min.js"
TAGS: Final = ("wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice")
RULES_OF_COLOURS: Final = ("color-contrast", "link-in-text-block")
CHECK: Final = """
async runOnly => {
    const { violations } = await axe.run({ runOnly, resultTypes: ["violations"], selectors: false });
    return violations.flatMap(({ id, nodes }) => nodes.map(({ html }) => `${id}: ${html.slice(0, 200)}`));
}
"""
"""Only what is wrong is described, which spares most of the work."""
Size = Literal["wide", "phone"]
SIZES: Final[Mapping[Size, ViewportSize]] = {
    "wide": {"width": 1280, "height": 800},
    "phone": {"width": 360, "height": 740},
}
LOOKS: Final[Mapping[str, Mapping[str, str]]] = {"light": {}, "dark": {"language": "en-GB", "color_scheme": "dark"}}
"""How pages are opened that are looked at twice: as most people see them, and in English and in the dark."""


def new_context(
    browser: Browser, portal: RunningPortal, *, size: Size = "wide", language: str = "de-DE", **more: Any
) -> BrowserContext:
    """A browser's window of its own; ``more`` as playwright takes it (bypass_csp=True for axe)."""
    context = browser.new_context(
        base_url=portal.url, viewport=SIZES[size], locale=language, reduced_motion="reduce", **more
    )
    context.set_default_timeout(10_000)
    return context


def enter(context: BrowserContext, portal: RunningPortal, role: str) -> None:
    """Be logged in, with a session of one's own, under the cookie that a log-in sets."""
    session = portal.session_of(ACCOUNTS[role])
    context.add_cookies([{"name": SESSION, "value": session, "url": portal.url, "httpOnly": True, "sameSite": "Lax"}])


def log_in(page: Page, portal: RunningPortal, role: str) -> None:
    """By keyboard, on the page where the log-in is, or on the log-in page."""
    if "/anmelden" not in page.url:
        page.goto("/anmelden")
    page.get_by_label("Name").fill(ACCOUNTS[role])
    page.locator("#f-password").fill(portal.passwords[ACCOUNTS[role]])
    page.keyboard.press("Enter")
    page.wait_for_url(lambda url: "/anmelden" not in url)


def screenshot(page: Page, name: str) -> None:
    """A picture of the whole page under var/screenshots, for people who want to look at it."""
    if PICTURES:
        SCREENSHOTS.mkdir(parents=True, exist_ok=True)
        page.screenshot(path=SCREENSHOTS / f"{name}.png", full_page=True)


def axe(page: Page, rules: Sequence[str] = ()) -> list[str]:
    """What axe finds wrong with the page as it is now: rule and element. Needs a context with bypass_csp=True.

    ``rules``: only these.
    """
    if not page.evaluate("'axe' in window"):
        page.evaluate(AXE.read_text())
    kind, values = ("rule", rules) if rules else ("tag", TAGS)
    found: list[str] = page.evaluate(CHECK, {"type": kind, "values": list(values)})
    return found


def overflows(page: Page) -> bool:
    """Whether the page is wider than the window: on a phone nobody scrolls sideways."""
    wide: bool = page.evaluate("document.documentElement.scrollWidth > document.documentElement.clientWidth")
    return wide


def wrong_with(page: Page, name: str, *, looks: bool = False) -> list[str]:
    """What axe finds wrong with the page as it is now, and whether it is too wide; a picture of it is kept.

    ``looks``: in the dark and in high contrast, too. There nothing but colours is different
    (``test_a_look_changes_nothing_but_colours``), and so only the rules about colours are asked again.
    """
    screenshot(page, name)
    found = axe(page) + (["too wide"] if overflows(page) else [])
    if looks:
        page.add_style_tag(content="*, ::before, ::after { transition: none !important; }")  # colours change at once
        page.emulate_media(color_scheme="dark")
        found += [f"in the dark, {each}" for each in axe(page, RULES_OF_COLOURS)]
        page.emulate_media(color_scheme="light", forced_colors="active")
        found += [f"in high contrast, {each}" for each in axe(page, RULES_OF_COLOURS)]
        page.emulate_media(color_scheme="light", forced_colors="none")
    return [f"{name}: {each}" for each in found]


def drafts(page: Page) -> dict[str, str]:
    """The drafts in this browser by their names, sealed as they are stored."""
    found: dict[str, str] = page.evaluate(
        "Object.fromEntries(Object.entries(localStorage).filter(([name]) => name.startsWith('draft:')))"
    )
    return found


def kept(page: Page) -> None:
    """Wait until the draft of what was typed last is kept."""
    typed_at = page.evaluate("Date.now()")
    until(lambda: any(json.loads(draft)["at"] >= typed_at for draft in drafts(page).values()), "the draft is kept")
