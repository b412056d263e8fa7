"""What can be asked of reporting, and of whom. What is computed is in ``figures`` and ``report``."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, replace
from datetime import datetime
from functools import partial
from typing import Any, Final

import orjson

from services.reporting import history, sealed, wiring
from services.reporting.answers import Answers, access_as_json, erasure_as_json
from services.reporting.commands import (
    AskAccesses,
    AskContractsEnding,
    AskCorrelation,
    AskDifference,
    AskErasures,
    AskEvents,
    AskFigure,
    AskLedger,
    AskReport,
    AskSeries,
    GetSealedReport,
    ListSealedReports,
    ReplayStream,
    SealReport,
)
from services.reporting.ledger import Ledger, LedgerSource
from services.reporting.problems import PROBLEMS
from services.reporting.replay import stream as replay
from services.reporting.replay.stream import replay_stream
from services.reporting.report import REPORTS, evaluate, on_one_day
from services.reporting.sealed import Seal
from services.reporting.views import VIEWS
from shared.api.call import Call
from shared.api.entrypoint import command, query, question, wait_for_views
from shared.api.roles import AUDITOR, DATA_PROTECTION_OFFICER, HEAD_OF_OFFICE, REPORTING
from shared.api.service import ServiceHttp
from shared.contracts.model import PersonalClass, subject_of
from shared.contracts.registry import contract_of
from shared.contracts.reporting import ReportSealed, report_stream
from shared.execute import Accepted, Refused, load
from shared.projections.engine import open_engine
from shared.runtime.native import aside
from shared.service.platform import Platform
from shared.service.projection import Projection, projection

READ: Final = {HEAD_OF_OFFICE, REPORTING, AUDITOR}
SEAL: Final = {HEAD_OF_OFFICE, REPORTING}
AUDIT: Final = {AUDITOR}
PROTECTION: Final = {DATA_PROTECTION_OFFICER}
ALL_VIEWS: Final = tuple(view.name for view in VIEWS)
COUNTED: Final = frozenset({PersonalClass.STATISTICS, PersonalClass.EMPLOYEE})
"""The classes that figures are computed from."""


class ReportingHttp(ServiceHttp):
    name = "reporting"
    classes = COUNTED
    problems = PROBLEMS
    views = VIEWS

    ledger = wiring.ledger()

    @classmethod
    def projection(cls, platform: Platform) -> Projection:
        """Its views read the ledger, which copies the store as it grows."""
        ledger = Ledger(open_engine(platform.settings.ledger, writing=True))
        read = frozenset[str]().union(*(view.types for view in cls.views))
        views = projection(platform, cls.views, LedgerSource(ledger, platform.sealer, read))
        return replace(views, beside=(lambda stop: ledger.tail(platform.store, stop, views.lease.held),))

    # --- figures ----------------------------------------------------------------------------------

    @query("/reporting/v1/figures/<figure>", AskFigure, roles=READ, views=ALL_VIEWS)
    def figure(self, call: Call[AskFigure]) -> dict[str, Any]:
        """One figure, and on request the contributions behind it."""
        with self._answers(call) as answers:
            return answers.figure(call.query)

    @query("/reporting/v1/figures/<figure>/difference", AskDifference, roles=READ, views=ALL_VIEWS)
    def difference(self, call: Call[AskDifference]) -> dict[str, Any]:
        """Why a figure says something else than at another pair of dates: what came, went and changed."""
        with self._answers(call) as answers:
            return answers.difference(call.query)

    @query("/reporting/v1/series/<figure>", AskSeries, roles=READ, views=ALL_VIEWS)
    def series(self, call: Call[AskSeries]) -> dict[str, Any]:
        """A figure over time: what it says at the end of each month, quarter or week."""
        with self._answers(call) as answers:
            return answers.series(call.query)

    @query("/reporting/v1/contracts/ending", AskContractsEnding, roles=READ, views=ALL_VIEWS)
    def contracts_ending(self, call: Call[AskContractsEnding]) -> dict[str, Any]:
        """The contracts that end soon, by month; who has them is for the head of the office only, and recorded."""
        with self._answers(call) as answers:
            answer = answers.contracts_ending(call.query, one_by_one=HEAD_OF_OFFICE in call.actor.roles)
        call.reads(*(end["employee_id"] for month in answer["months"] for end in month.get("ends", ())))
        return answer

    # --- reports ----------------------------------------------------------------------------------

    @query("/reporting/v1/report", AskReport, roles=READ, views=ALL_VIEWS)
    def report(self, call: Call[AskReport]) -> dict[str, Any]:
        """The whole table at its reference dates, or all its figures on one other day."""
        definition = REPORTS[call.query.report]
        if call.query.valid_at is not None:
            definition = on_one_day(definition, call.query.valid_at)
        with self.reader.snapshot() as now:
            return evaluate(now, definition, call.query.known).document

    @command("/reporting/v1/reports", SealReport, roles=SEAL, creates="report_id")
    def seal_report(self, call: Call[SealReport]) -> Accepted:
        """Seal the report with everything that was recorded before this was asked, if all of it is known here."""
        wait_for_views(self.reader, ALL_VIEWS, self.platform.store.head())
        with self.reader.snapshot() as now:
            report = evaluate(now, REPORTS[call.command.report])
        wiring.check_known(self.platform, report.position)
        seal = Seal(
            report_id=call.command.report_id,
            definition=report.definition.says,
            position=report.position,
            chain=self.ledger.at(report.position).chain,
            figures=report.canonical,
            sealed_on=call.today,
        )
        return self.run(call, report_stream(seal.report_id), sealed.decider, seal)

    @query("/reporting/v1/reports", ListSealedReports, roles=READ, views=ALL_VIEWS)
    def sealed_reports(self, call: Call[ListSealedReports]) -> dict[str, Any]:
        """The sealed reports, the newest first."""
        question = history.Question(type=contract_of(ReportSealed).type, last=True, limit=history.MOST)
        found = reversed(history.page(self.ledger, question).entries)
        return {"reports": [sealed.listed(entry.envelope.occurred_on, entry.data) for entry in found]}

    @query("/reporting/v1/reports/<report_id>", GetSealedReport, roles=READ, views=ALL_VIEWS)
    def sealed_report(self, call: Call[GetSealedReport]) -> dict[str, Any]:
        """A sealed report, and on request whether the history still gives the same, bit for bit."""
        report, sealed_at = self._sealing(call.query.report_id)
        answer = {
            "report_id": report.report_id,
            "definition": report.definition,
            "sealed_on": report.occurred_on,
            "position": report.position,
            "chain": report.chain,
            "digest": report.digest,
            "figures": orjson.loads(report.figures),
        }
        return answer | ({"verification": self._verified(report, sealed_at)} if call.query.verify else {})

    # --- the history ------------------------------------------------------------------------------

    @question("/reporting/v1/events/search", AskEvents, roles=AUDIT, views=ALL_VIEWS, personal=True)
    def events(self, call: Call[AskEvents]) -> dict[str, Any]:
        """What was recorded, by stream, type, actor, correlation and day. Nothing sealed is opened."""
        asked = call.query
        page = history.page(self.ledger, asked.question)
        call.reads(*history.subjects(asked.question, page.entries), reason=asked.reason)
        found = [history.document(entry) for entry in page.entries]
        return {"events": found, "previous": page.previous, "next": page.next}

    @query("/reporting/v1/correlations/<correlation_id>", AskCorrelation, roles=AUDIT, views=ALL_VIEWS, personal=True)
    def correlation(self, call: Call[AskCorrelation]) -> dict[str, Any]:
        """What one act set in motion, from the command to the last reaction, as trees of cause and effect."""
        question = history.Question(correlation_id=call.query.correlation_id, limit=history.MOST)
        found = history.page(self.ledger, question).entries
        if not found:
            raise Refused("unknown-correlation", correlation=question.correlation_id)
        call.reads(*history.subjects(question, found))
        pseudonym = wiring.narrator(self.platform).pseudonym
        return {"correlation_id": question.correlation_id, **history.tree(history.causation(found), pseudonym)}

    @question("/reporting/v1/streams/<stream>/replay", ReplayStream, roles=AUDIT, views=ALL_VIEWS, personal=True)
    def stream(self, call: Call[ReplayStream]) -> dict[str, Any]:
        """The state of a stream after each event and what each changed; names stay sealed, ids are pseudonyms."""
        asked = call.query
        every = replay_stream(self.ledger, self.platform.sealer, asked.stream)
        if not every:
            raise Refused("unknown-stream", stream=asked.stream)
        call.reads(subject_of(asked.stream), reason=asked.reason)
        steps = replay.between(every, after=asked.after, to=asked.to, to_position=asked.to_position)
        more = len(steps) > replay.MOST
        steps = steps[: replay.MOST]
        pseudonym = wiring.narrator(self.platform).pseudonym
        return {
            "stream": asked.stream,
            "total": len(every),
            "next": steps[-1].revision if more else None,
            "steps": [replay.document(step, pseudonym) for step in steps],
        }

    @query("/reporting/v1/ledger", AskLedger, roles=AUDIT, views=ALL_VIEWS)
    def ledger_head(self, call: Call[AskLedger]) -> dict[str, Any]:
        """Where the ledger ends, and on request whether every hash in it is right."""
        head = asdict(self.ledger.head())
        return head | ({"verified": asdict(wiring.verified(self.platform))} if call.query.verify else {})

    # --- data protection --------------------------------------------------------------------------

    @question("/reporting/v1/accesses/search", AskAccesses, roles=PROTECTION, personal=True)
    def accesses(self, call: Call[AskAccesses]) -> dict[str, Any]:
        """Who read whose data, when, by which question and why; this look, too."""
        asked = call.query
        search = partial(
            self.platform.access_log.search,
            asked.begin,
            asked.end,
            subject=asked.subject,
            actor=asked.account,
            after=asked.after,
            limit=asked.limit,
        )
        found, more = aside(search)
        named = filter(None, (asked.subject, asked.account))
        call.reads(*dict.fromkeys((*named, *(access.subject for access in found))), reason=asked.reason)
        return {"accesses": [access_as_json(access) for access in found], "next": more}

    @query("/reporting/v1/erasures", AskErasures, roles=PROTECTION | AUDIT)
    def erasures(self, call: Call[AskErasures]) -> dict[str, Any]:
        """Whose keys of which class were destroyed, when and why. Only ids are left."""
        asked = call.query
        found = self.platform.keyring.erasures(asked.after)
        shown = found[: asked.limit]
        more = shown[-1].number if len(found) > len(shown) else None
        return {"erasures": [erasure_as_json(erasure) for erasure in shown], "next": more}

    # --- how --------------------------------------------------------------------------------------

    @contextmanager
    def _answers(self, call: Call[Any]) -> Iterator[Answers]:
        narrator = partial(wiring.narrator, self.platform)
        with self.reader.snapshot() as now:
            yield Answers(now, call.today, narrator, self.ledger.recorded_at)

    def _sealing(self, report_id: str) -> tuple[ReportSealed, datetime]:
        history = load(self.platform.store, self.platform.sealer, report_stream(report_id), sealed.evolve)
        if not history:
            raise Refused("unknown-report", report=report_id)
        return history[0].event, history[0].envelope.recorded_at

    def _verified(self, report: ReportSealed, sealed_at: datetime) -> dict[str, Any]:
        """Each part of the seal anew. An erasure since may rightly change the figures, never the seal."""
        wait_for_views(self.reader, ALL_VIEWS, report.position)
        wiring.check_known(self.platform, report.position)
        definition = REPORTS.get(report.definition.partition("/")[0])
        figures = None
        if definition is not None:
            with self.reader.snapshot() as now:
                figures = evaluate(now, definition, report.position).canonical
        checks = sealed.checks(
            report,
            definition=None if definition is None else definition.says,
            figures=figures,
            chain=self.ledger.at(report.position).chain,
        )
        erasures = self.platform.keyring.erasures()
        since = sum(e.personal_class in COUNTED and e.erased_at > sealed_at for e in erasures)
        return {"holds": all(checks.values()), **checks, "erasures_since": since}


HTTP = ReportingHttp
REACT = None
