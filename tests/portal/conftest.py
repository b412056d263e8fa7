"""One running platform with a small invented office for all tests of the portal, and one browser."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

import pytest
from playwright.sync_api import Browser, Page

from benchmarks.tools.browser import chromium
from tests.platform.county import machine
from tests.portal.browser import Size, enter, new_context
from tests.portal.house import RunningPortal, Visitor, everybody


@pytest.fixture(scope="package")
def portal(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningPortal]:
    """The portal over a small office. Who records something of their own registers a person of their own for it."""
    with machine(tmp_path_factory.mktemp("portal")) as running:
        yield RunningPortal.open(running)


@pytest.fixture(scope="package")
def browser() -> Iterator[Browser]:
    with chromium() as browser:
        yield browser


@pytest.fixture
def visitor(portal: RunningPortal) -> Visitor:
    """Somebody who is not logged in, without scripts."""
    return portal.visitor()


@pytest.fixture(scope="module")
def visitors(portal: RunningPortal) -> Mapping[str, Visitor]:
    """Somebody of each role, logged in; the auditor has said why."""
    return everybody(portal)


Open = Callable[..., Page]


@pytest.fixture
def open_page(portal: RunningPortal, browser: Browser) -> Iterator[Open]:
    """``open_page(role=None, size="wide", language="de-DE", checks=False)``: a page in a window of its own.

    With a role, somebody is logged in there.

    At the end of the test no script may have failed, and nothing may have been refused by the security policy.
    ``checks`` opens the door for axe, which the policy would keep out.
    """
    contexts, complaints = [], []

    def open_one(
        role: str | None = None, *, size: Size = "wide", language: str = "de-DE", checks: bool = False, **more: object
    ) -> Page:
        context = new_context(browser, portal, size=size, language=language, bypass_csp=checks, **more)
        contexts.append(context)
        if role is not None:
            enter(context, portal, role)
        page = context.new_page()
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on("console", lambda message: complaints.append(message.text) if _is_refusal(message.text) else None)
        return page

    yield open_one
    for context in contexts:
        context.close()
    assert complaints == []


def _is_refusal(text: str) -> bool:
    return "Content Security Policy" in text or "Permissions-Policy" in text
