"""Standing in for a colleague of one's team: who might be away, from now until the evening."""

from __future__ import annotations

from typing import Any

from services.portal.answers import Answer, Refused
from services.portal.backend import needed, segment
from services.portal.pages.consultation import MY_DAY
from services.portal.web.form import Form
from services.portal.web.visit import Visit
from shared.api.reply import Reply


def colleagues(visit: Visit) -> Reply:
    """Whom of the own team one could stand in for today."""
    backend = visit.backend
    me, staff = needed(
        lambda: backend.get("/casework/v1/me"), lambda: backend.get("/casework/v1/employees")["employees"]
    )
    covered = {cover["employee_id"] for cover in me["covers"] if cover["running"]} | {me["employee_id"]}
    team = (me["team"] or {}).get("team_id")
    of_team = [each for each in staff if team and each["team_id"] == team and each["employee_id"] not in covered]
    shown: dict[str, Any] = {"colleagues": sorted(of_team, key=lambda each: each["name"] or ""), "form": Form.new()}
    if visit.wants_fragment:
        return visit.fragment("colleagues.html", "colleagues", **shown)
    return visit.page("colleagues.html", **shown)


def stand_in(visit: Visit) -> Reply:
    """Somebody is away today: from now on their cases are mine, too, until the evening."""
    form, today = visit.form, visit.today
    employee_id = form["employee_id"]
    me = visit.backend.get("/casework/v1/me")
    body = {"employee_id": employee_id, "deputy_id": me["employee_id"], "from_on": today, "until": today}
    return _record(visit, "/casework/v1/covers", body, form.key_of(employee_id))


def end_cover(visit: Visit) -> Reply:
    """Today is the last day on which one stands in for somebody."""
    form = visit.form
    path = f"/casework/v1/covers/{segment(form['cover_id'])}/end"
    return _record(visit, path, {"ended_on": visit.today}, form.key)


def _record(visit: Visit, path: str, body: Answer, key: str) -> Reply:
    try:
        visit.command(path, body, key=key)
    except Refused as refused:
        visit.tell(refused.title, kind="late")
    return visit.redirect(MY_DAY)
