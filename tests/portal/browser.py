"""A real browser: Debian's Chromium, driven by playwright; pictures and the accessibility check."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final, Literal

from playwright.sync_api import Browser, BrowserContext, Page, ViewportSize

from tests.portal.house import ACCOUNTS, RunningPortal

ROOT: Final = Path(__file__).parents[2]
SCREENSHOTS: Final = ROOT / "var" / "screenshots"
AXE: Final = ROOT / "services" / "portal" / "node_modules" / "axe-core" / "axe.min.js"
RULES: Final = ("wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice")
Size = Literal["wide", "phone"]
SIZES: Final[Mapping[Size, ViewportSize]] = {
    "wide": {"width": 1280, "height": 800},
    "phone": {"width": 360, "height": 740},
}


def new_context(
    browser: Browser, portal: RunningPortal, *, size: Size = "wide", language: str = "de-DE", **more: Any
) -> BrowserContext:
    """A browser's window of its own; ``more`` as playwright takes it (bypass_csp=True for axe)."""
    context = browser.new_context(
        base_url=portal.url, viewport=SIZES[size], locale=language, reduced_motion="reduce", **more
    )
    context.set_default_timeout(10_000)
    return context


def log_in(page: Page, portal: RunningPortal, role: str) -> None:
    """By keyboard, on the page where the log-in is, or on the log-in page."""
    if "/anmelden" not in page.url:
        page.goto("/anmelden")
    page.get_by_label("Name").fill(ACCOUNTS[role])
    page.locator("#f-password").fill(portal.passwords[ACCOUNTS[role]])
    page.keyboard.press("Enter")
    page.wait_for_url(lambda url: "/anmelden" not in url)


def screenshot(page: Page, name: str) -> None:
    """A picture of the whole page under var/screenshots, for people to look at."""
    SCREENSHOTS.mkdir(parents=True, exist_ok=True)
    page.screenshot(path=SCREENSHOTS / f"{name}.png", full_page=True)


def axe(page: Page) -> list[str]:
    """What axe finds wrong with the page as it is now: rule and element. Needs a context with bypass_csp=True."""
    page.evaluate(AXE.read_text())
    found = page.evaluate("rules => axe.run({ runOnly: rules })", list(RULES))
    return [f"{each['id']}: {node['html'][:200]}" for each in found["violations"] for node in each["nodes"]]


def overflows(page: Page) -> bool:
    """Whether the page is wider than the window: on a phone nobody scrolls sideways."""
    wide: bool = page.evaluate("document.documentElement.scrollWidth > document.documentElement.clientWidth")
    return wide
