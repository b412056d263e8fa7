"""The portal's table of contents: every page, who may open it, and what takes its forms."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar, Final
from uuid import UUID

from services.portal import doors
from services.portal.pages import (
    audit,
    consultation,
    correlation,
    cover,
    dashboard,
    data_protection,
    figure,
    figure_file,
    file,
    handover,
    login,
    municipality,
    my_day,
    office,
    operations,
    persons,
    reason,
    register,
    replay,
    report,
    responsibility,
    staffing,
    talk_line,
)
from services.portal.pages import help as help_page
from services.portal.web.failures import NotHere
from services.portal.web.screen import form, screen
from services.portal.web.visit import Visit
from services.portal.wiring import Portal, portal
from shared.api.entrypoint import page
from shared.api.health import live_reply, metrics_reply, ready_reply
from shared.api.problems import Problem
from shared.api.reply import Reply
from shared.runtime.config import Settings


class PortalHttp:
    name = "portal"
    problems: ClassVar[Mapping[str, Problem]] = {}

    portal = portal()

    @classmethod
    def open(cls, settings: Settings) -> Portal:
        return Portal.open(settings)

    # --- coming, going, finding one's way ---------------------------------------------------------

    @screen("/", public=True)
    def start(self, visit: Visit) -> Reply:
        """To the role's first page, or to the log-in."""
        return login.start(visit)

    @screen("/anmelden", public=True)
    def show_login(self, visit: Visit) -> Reply:
        return login.show(visit)

    @form("/anmelden", public=True)
    def log_in(self, visit: Visit) -> Reply:
        return login.log_in(visit)

    @form("/abmelden", public=True)
    def log_out(self, visit: Visit) -> Reply:
        return login.log_out(visit)

    @form("/sprache", public=True)
    def speak(self, visit: Visit) -> Reply:
        """From now on in the other language."""
        return login.speak(visit)

    @form("/sitzung", roles=doors.EVERYBODY)
    def stay(self, visit: Visit) -> Reply:
        """A sign of life of somebody who types for long."""
        return visit.json({"idle": self.portal.sessions.idle})

    @screen("/entwurfsschluessel", roles=doors.EVERYBODY, sign_of_life=False)
    def draft_key(self, visit: Visit) -> Reply:
        """The key under which this account's drafts are kept in the browser."""
        return login.draft_key(visit)

    @screen("/hilfe", public=True)
    def help(self, visit: Visit) -> Reply:
        return help_page.show(visit)

    # --- my day, and recording talks ----------------------------------------------------------------

    @screen("/mein-tag", roles=doors.ADVISE)
    def my_day(self, visit: Visit) -> Reply:
        """Whom to see, what falls due, whom one stands in for."""
        return my_day.show(visit)

    @form("/mein-tag/vergeblich", roles=doors.ADVISE)
    def nobody_met(self, visit: Visit) -> Reply:
        """A visit that met nobody."""
        return consultation.nobody_met(visit)

    @form("/mein-tag/zeile", roles=doors.ADVISE)
    def take_line(self, visit: Visit) -> Reply:
        """A talk in one line."""
        return my_day.take_line(visit)

    @form("/mein-tag/zeile/verstanden", roles=doors.ADVISE)
    def understand_line(self, visit: Visit) -> Reply:
        """What the line says so far."""
        return talk_line.understood(visit)

    @screen("/mein-tag/kollegen", roles=doors.ADVISE)
    def colleagues(self, visit: Visit) -> Reply:
        """For whom one could stand in today."""
        return cover.colleagues(visit)

    @form("/mein-tag/vertretung", roles=doors.ADVISE)
    def stand_in(self, visit: Visit) -> Reply:
        """Stand in for somebody until the evening."""
        return cover.stand_in(visit)

    @form("/mein-tag/vertretung/ende", roles=doors.ADVISE)
    def end_cover(self, visit: Visit) -> Reply:
        """Stand in only until today."""
        return cover.end_cover(visit)

    @screen("/beratung/<uuid:case_id>", roles=doors.ADVISE)
    def talk(self, visit: Visit, case_id: UUID) -> Reply:
        """Record a talk with a case."""
        return consultation.show(visit, case_id)

    @form("/beratung/<uuid:case_id>", roles=doors.ADVISE)
    def record_talk(self, visit: Visit, case_id: UUID) -> Reply:
        return consultation.record(visit, case_id)

    @form("/beratung/werte", roles=doors.ADVISE)
    def values_of_talk(self, visit: Visit) -> Reply:
        """What would be derived from the form as it is."""
        return consultation.values(visit)

    @form("/beratung/grund", roles=doors.ADVISE)
    def give_reason_to_read(self, visit: Visit) -> Reply:
        """Why a team's lead reads a talk."""
        return reason.give(visit, consultation.WHY)

    @screen("/beratung/<uuid:case_id>/<uuid:consultation_id>", roles=doors.ADVISE)
    def recorded_talk(self, visit: Visit, case_id: UUID, consultation_id: UUID) -> Reply:
        """A talk as it stands, to correct it or take it back."""
        return consultation.show_recorded(visit, case_id, consultation_id)

    @form("/beratung/<uuid:case_id>/<uuid:consultation_id>", roles=doors.ADVISE)
    def correct_talk(self, visit: Visit, case_id: UUID, consultation_id: UUID) -> Reply:
        return consultation.correct(visit, case_id, consultation_id)

    @form("/beratung/<uuid:case_id>/<uuid:consultation_id>/zuruecknehmen", roles=doors.ADVISE)
    def withdraw_talk(self, visit: Visit, case_id: UUID, consultation_id: UUID) -> Reply:
        """A talk or visit that was recorded by mistake."""
        return consultation.withdraw(visit, case_id, consultation_id)

    # --- the office -------------------------------------------------------------------------------

    @screen("/buero", roles=doors.OFFICE)
    def office(self, visit: Visit) -> Reply:
        """Whom nobody looks after yet; who works in which team, with how many cases."""
        return office.show(visit)

    @form("/buero/zuteilung/<uuid:case_id>", roles=doors.LEAD)
    def assign(self, visit: Visit, case_id: UUID) -> Reply:
        """From today on somebody of the team looks after a case."""
        return office.assign(visit, str(case_id))

    @screen("/buero/uebergabe/<uuid:employee_id>", roles=doors.LEAD)
    def show_handover(self, visit: Visit, employee_id: UUID) -> Reply:
        """Somebody's cases, to hand them over."""
        return handover.show(visit, str(employee_id))

    @form("/buero/uebergabe/<uuid:employee_id>", roles=doors.LEAD)
    def hand_over(self, visit: Visit, employee_id: UUID) -> Reply:
        return handover.take(visit, str(employee_id))

    @screen("/buero/<action>", roles=doors.RUN)
    def show_office_action(self, visit: Visit, action: str) -> Reply:
        """A command's form in the office; what there is to record stands in ``office_actions``."""
        return staffing.open_form(visit, action)

    @form("/buero/<action>", roles=doors.RUN)
    def take_office_action(self, visit: Visit, action: str) -> Reply:
        return staffing.take(visit, action)

    @screen("/buero/<action>/<uuid:about>", roles=doors.RUN)
    def show_office_action_about(self, visit: Visit, action: str, about: UUID) -> Reply:
        """The same about a team, somebody, or a contract."""
        return staffing.open_form(visit, action, str(about))

    @form("/buero/<action>/<uuid:about>", roles=doors.RUN)
    def take_office_action_about(self, visit: Visit, action: str, about: UUID) -> Reply:
        return staffing.take(visit, action, str(about))

    # --- for everybody ----------------------------------------------------------------------------

    @screen("/zustaendigkeit", public=True)
    def responsibility(self, visit: Visit) -> Reply:
        """Which service is in charge, by municipality, status and date."""
        return responsibility.show(visit)

    # --- finding and registering people -----------------------------------------------------------

    @screen("/personen", roles=doors.LOOK_UP)
    def show_search(self, visit: Visit) -> Reply:
        return persons.show(visit)

    @form("/personen", roles=doors.LOOK_UP)
    def find_persons(self, visit: Visit) -> Reply:
        """Who begins like this; names stand in no address."""
        return persons.find(visit)

    @screen("/personen/neu", roles=doors.REGISTER)
    def show_register(self, visit: Visit) -> Reply:
        """A form for a whole household."""
        return register.show(visit)

    @form("/personen/neu", roles=doors.REGISTER)
    def register_household(self, visit: Visit) -> Reply:
        return register.take(visit)

    @form("/personen/aehnliche", roles=doors.REGISTER)
    def candidates(self, visit: Visit) -> Reply:
        """Who is there already under the name that is being typed."""
        return register.candidates(visit)

    @screen("/akte/<uuid:person_id>", roles=doors.LOOK_UP)
    def show_file(self, visit: Visit, person_id: UUID) -> Reply:
        """Who somebody is, in which phase and why, and what was recorded."""
        return file.show(visit, str(person_id))

    @screen("/akte/<uuid:person_id>/beratung", roles=doors.ADVISE)
    def consult(self, visit: Visit, person_id: UUID) -> Reply:
        """On to recording a talk with the person's household."""
        return file.consult(visit, str(person_id))

    @screen("/akte/<uuid:person_id>/<action>", roles=doors.RECORD)
    def show_action(self, visit: Visit, person_id: UUID, action: str) -> Reply:
        """A command's form in the file; what there is to record stands in ``actions``."""
        return file.open_form(visit, str(person_id), action)

    @form("/akte/<uuid:person_id>/<action>", roles=doors.RECORD)
    def take_action(self, visit: Visit, person_id: UUID, action: str) -> Reply:
        return file.take(visit, str(person_id), action)

    @screen("/akte/<uuid:person_id>/<action>/<uuid:entry_id>", roles=doors.RECORD)
    def show_action_on_entry(self, visit: Visit, person_id: UUID, action: str, entry_id: UUID) -> Reply:
        """The same about one entry: a decision of a procedure, a correction, a withdrawal."""
        return file.open_form(visit, str(person_id), action, str(entry_id))

    @form("/akte/<uuid:person_id>/<action>/<uuid:entry_id>", roles=doors.RECORD)
    def take_action_on_entry(self, visit: Visit, person_id: UUID, action: str, entry_id: UUID) -> Reply:
        return file.take(visit, str(person_id), action, str(entry_id))

    # --- figures ----------------------------------------------------------------------------------

    @screen("/lage", roles=doors.FIGURES)
    def dashboard(self, visit: Visit) -> Reply:
        """Eight figures at a glance, at any date and as known on any other."""
        return dashboard.show(visit)

    @screen("/lage/verlaeufe", roles=doors.FIGURES)
    def dashboard_courses(self, visit: Visit) -> Reply:
        """The small courses in its tiles."""
        return dashboard.courses(visit)

    @screen("/lage/teil/<name>", roles=doors.FIGURES)
    def dashboard_part(self, visit: Visit, name: str) -> Reply:
        """Courses and comparisons below them, part by part."""
        return dashboard.part(visit, name)

    @screen("/lage/bericht", roles=doors.FIGURES)
    def report(self, visit: Visit) -> Reply:
        """The whole table on one page, and what was sealed."""
        return report.show(visit)

    @form("/lage/bericht", roles=doors.SEAL)
    def seal_report(self, visit: Visit) -> Reply:
        return report.seal(visit)

    @screen("/lage/berichte/<report_id>", roles=doors.FIGURES)
    def sealed_report(self, visit: Visit, report_id: str) -> Reply:
        """A sealed report, counted anew and compared."""
        return report.sealed(visit, report_id)

    @screen("/lage/<name>", roles=doors.FIGURES)
    def figure(self, visit: Visit, name: str) -> Reply:
        """A figure explained: what it is, what it is the sum of, why it differs."""
        return figure.show(visit, name)

    @screen("/lage/<name>/csv/<what>", roles=doors.FIGURES)
    def figure_file(self, visit: Visit, name: str, what: str) -> Reply:
        """The same for a spreadsheet."""
        return figure_file.show(visit, name, what)

    # --- audit ------------------------------------------------------------------------------------

    @screen("/pruefung", roles=doors.HISTORY)
    def history(self, visit: Visit) -> Reply:
        """What was recorded, the newest first."""
        return audit.show(visit)

    @form("/pruefung", roles=doors.HISTORY)
    def search_history(self, visit: Visit) -> Reply:
        return audit.search(visit)

    @screen("/pruefung/grund", roles=doors.HISTORY)
    def ask_reason(self, visit: Visit) -> Reply:
        """Why somebody looks into the history: asked once in a session."""
        return reason.ask(visit, audit.WHY)

    @form("/pruefung/grund", roles=doors.HISTORY)
    def give_reason(self, visit: Visit) -> Reply:
        return reason.give(visit, audit.WHY)

    @screen("/pruefung/vorgang/<act>", roles=doors.HISTORY)
    def correlation(self, visit: Visit, act: str) -> Reply:
        """What one act set in motion, to the last reaction."""
        return correlation.show(visit, act)

    @screen("/pruefung/verlauf/<stream>", roles=doors.HISTORY)
    def replay(self, visit: Visit, stream: str) -> Reply:
        """How a stream came to be what it is, step by step."""
        return replay.show(visit, stream)

    @screen("/pruefung/betrieb", roles=doors.OPERATION)
    def operations(self, visit: Visit) -> Reply:
        """How every process does, and what was put aside."""
        return operations.show(visit)

    # --- data protection, municipalities ----------------------------------------------------------

    @screen("/datenschutz", roles=doors.ACCESSES)
    def accesses(self, visit: Visit) -> Reply:
        """Who read whose record, when, what for and why."""
        return data_protection.show(visit)

    @form("/datenschutz", roles=doors.ACCESSES)
    def search_accesses(self, visit: Visit) -> Reply:
        return data_protection.search(visit)

    @screen("/datenschutz/loeschungen", roles=doors.ERASURES)
    def erasures(self, visit: Visit) -> Reply:
        """Whose keys were destroyed, when and why."""
        return data_protection.erasures(visit)

    @screen("/gemeinde", roles=doors.MUNICIPALITY)
    def municipality(self, visit: Visit) -> Reply:
        """Who is in charge in one's municipality, and the phase of a person who lives there."""
        return municipality.show(visit)

    @form("/gemeinde", roles=doors.MUNICIPALITY)
    def find_in_municipality(self, visit: Visit) -> Reply:
        return municipality.find(visit)

    # --- files, health, and what is nowhere -------------------------------------------------------

    @screen("/static/<version>/<name>", public=True, sign_of_life=False)
    def asset(self, visit: Visit, version: str, name: str) -> Reply:
        if (reply := self.portal.assets.reply(visit.request, version, name)) is None:
            raise NotHere
        return reply

    @page("/health/live")
    def live(self) -> Reply:
        return live_reply()

    @page("/health/ready")
    def ready(self) -> Reply:
        """Ready by itself: pages whose services are away say so."""
        return ready_reply(True, {})

    @page("/metrics")
    def metrics(self) -> Reply:
        return metrics_reply()

    @screen("/<path:anywhere>", public=True, sign_of_life=False)
    def nowhere(self, visit: Visit, anywhere: str) -> Reply:
        raise NotHere

    @form("/<path:anywhere>", public=True)
    def takes_nothing(self, visit: Visit, anywhere: str) -> Reply:
        raise NotHere


HTTP: Final = PortalHttp
REACT: Final = None
