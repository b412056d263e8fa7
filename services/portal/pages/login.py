"""Logging in and out, the language, and the key of one's drafts."""

from __future__ import annotations

from base64 import b64encode
from dataclasses import replace

from services.portal.language.words import is_language
from services.portal.login.identity import LoginRefused, TooManyTries
from services.portal.web.form import PAGE, Form
from services.portal.web.navigation import first_page
from services.portal.web.visit import NEXT, Visit, own_page
from shared.api.reply import Reply
from shared.runtime.logs import get_logger


def start(visit: Visit) -> Reply:
    """To the first page of whoever is logged in; of others, to the log-in."""
    return visit.redirect(first_page(visit.roles) if visit.account else "/anmelden")


def show(visit: Visit) -> Reply:
    """The form, or where else somebody shows who they are."""
    next_page = own_page(visit.parameters.get(NEXT, "")) or "/"
    if visit.account is not None:
        return visit.redirect(next_page)
    if (elsewhere := visit.portal.login.begin(next_page)) is not None:
        return visit.redirect(elsewhere)
    return _form(visit, Form.new(**{NEXT: next_page}))


def log_in(visit: Visit) -> Reply:
    """Begin a session, and go to where somebody wanted; or say why not."""
    typed = visit.form
    try:
        given = {"name": typed["name"], "password": typed.exactly("password")}
        account = visit.portal.login.finish(given, visit.address)
    except LoginRefused:
        get_logger().info("login-refused")
        return _form(visit, replace(typed, problem=visit.words.say("Name and password do not belong together.")), 401)
    except TooManyTries as wait:
        problem = visit.words.say_many(
            "Too many tries. Please wait {n} second.", "Too many tries. Please wait {n} seconds.", wait.seconds
        )
        reply = _form(visit, replace(typed, problem=problem), 429)
        reply.headers += (("Retry-After", str(wait.seconds)),)
        return reply
    visit.begin(account)
    get_logger().info("logged-in", account_id=account.id)
    return visit.redirect(own_page(typed[NEXT]) or "/")


def log_out(visit: Visit) -> Reply:
    """End the session."""
    visit.end()
    return visit.redirect("/anmelden?abgemeldet=1")


def speak(visit: Visit) -> Reply:
    """Go on with the same page in another language."""
    language = visit.form["language"]
    if is_language(language):
        visit.speak(language)
    return visit.redirect(own_page(visit.form[PAGE]) or "/")


def draft_key(visit: Visit) -> Reply:
    """The key of the account's drafts, for the script that keeps them."""
    assert visit.account is not None
    key = b64encode(visit.portal.draft_key(visit.account.id)).decode()
    return visit.json({"account": visit.account.id, "key": key})


def _form(visit: Visit, typed: Form, status: int = 200) -> Reply:
    shown = replace(typed, values={name: typed.values[name] for name in ("name", NEXT) if name in typed.values})
    return visit.page(
        "login.html",
        status=status,
        form=shown,
        onward=NEXT,
        logged_out="abgemeldet" in visit.parameters,
        timed_out="zeit" in visit.parameters,
    )
