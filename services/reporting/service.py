"""What can be asked of reporting, and of whom. What is computed is in ``figures`` and ``report``."""

from __future__ import annotations

from dataclasses import asdict, replace
from datetime import datetime
from functools import partial
from typing import Any, Final

import orjson

from services.reporting import history, sealed, wiring
from services.reporting.answer import figure_answer
from services.reporting.commands import (
    AskAct,
    AskEvents,
    AskFigure,
    AskLedger,
    AskReport,
    GetSealedReport,
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
from shared.api.entrypoint import command, query, wait_for_views
from shared.api.service import ServiceHttp
from shared.contracts.model import PersonalClass
from shared.contracts.reporting import ReportSealed
from shared.execute import Accepted, Refused, load
from shared.projections.engine import open_engine
from shared.runtime.platform import Platform
from shared.runtime.projection import Projection, projection

READ: Final = {"head-of-office", "reporting", "auditor"}
SEAL: Final = {"head-of-office", "reporting"}
AUDIT: Final = {"auditor"}
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
        return replace(views, beside=(lambda stop: ledger.tail(platform.store, stop),))

    # --- figures ----------------------------------------------------------------------------------

    @query("/reporting/v1/figures/<figure>", AskFigure, roles=READ, views=ALL_VIEWS)
    def figure(self, call: Call[AskFigure]) -> dict[str, Any]:
        """One figure, and on request the contributions behind it or what changed since another pair of dates."""
        with self.reader.snapshot() as now:
            return figure_answer(
                now,
                call.query,
                today=call.today,
                language=call.language,
                narrator=partial(wiring.narrator, self.platform),
            )

    # --- reports ----------------------------------------------------------------------------------

    @query("/reporting/v1/report", AskReport, roles=READ, views=ALL_VIEWS)
    def report(self, call: Call[AskReport]) -> dict[str, Any]:
        """The whole table at its reference dates, or all its figures on one other day."""
        definition = REPORTS[call.query.report]
        if call.query.valid_at is not None:
            definition = on_one_day(definition, call.query.valid_at)
        with self.reader.snapshot() as now:
            return evaluate(now, definition, call.query.knowledge).document

    @command("/reporting/v1/reports", SealReport, roles=SEAL, creates="report_id")
    def seal_report(self, call: Call[SealReport]) -> Accepted:
        """Seal the report with everything that was recorded before this was asked."""
        wait_for_views(self, ALL_VIEWS, self.platform.store.head())
        with self.reader.snapshot() as now:
            report = evaluate(now, REPORTS[call.command.report])
        seal = Seal(
            report_id=call.command.report_id,
            definition=report.definition.says,
            position=report.position,
            chain=self.ledger.at(report.position).chain,
            figures=report.canonical,
            sealed_on=call.today,
        )
        return self.run(call, f"report-{seal.report_id}", sealed.decider, seal)

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

    @query("/reporting/v1/events", AskEvents, roles=AUDIT, views=ALL_VIEWS)
    def events(self, call: Call[AskEvents]) -> dict[str, Any]:
        """What was recorded, by stream, type, actor, correlation and day. Nothing sealed is opened."""
        asked = call.query
        if asked.actor is not None:
            self._record_read(call, asked.actor, asked.reason)
        elif asked.stream is not None:
            self._record_read(call, _subject(asked.stream), asked.reason)
        found = history.entries(self.ledger, asked.question)
        more = found[-1].seq if len(found) == asked.limit else None
        return {"events": [history.document(entry) for entry in found], "next": more}

    @query("/reporting/v1/acts/<correlation_id>", AskAct, roles=AUDIT, views=ALL_VIEWS)
    def act(self, call: Call[AskAct]) -> dict[str, Any]:
        """What one act set in motion, as trees of cause and effect."""
        found = history.causation(self.ledger, call.query.correlation_id)
        return {"acts": [history.tree(act) for act in found]}

    @query("/reporting/v1/streams/<stream>", ReplayStream, roles=AUDIT, views=ALL_VIEWS)
    def stream(self, call: Call[ReplayStream]) -> dict[str, Any]:
        """The state of a stream after each event and what each changed; names stay sealed."""
        asked = call.query
        steps = replay_stream(self.ledger, self.platform.sealer, asked.stream, asked.to)
        if not steps:
            raise Refused("unknown-stream", stream=asked.stream)
        self._record_read(call, _subject(asked.stream), asked.reason)
        return {"stream": asked.stream, "steps": [replay.document(step) for step in steps]}

    @query("/reporting/v1/ledger", AskLedger, roles=AUDIT, views=ALL_VIEWS)
    def ledger_head(self, call: Call[AskLedger]) -> dict[str, Any]:
        """Where the ledger ends, and on request whether every hash in it is right."""
        head = asdict(self.ledger.head())
        return head | ({"verified": asdict(wiring.verified(self.platform))} if call.query.verify else {})

    # --- how --------------------------------------------------------------------------------------

    def _record_read(self, call: Call[Any], subject: str, reason: str | None) -> None:
        purpose = "reporting.history" if reason is None else f"reporting.history: {reason}"
        wiring.record_read(self.platform, call.actor.account, subject, purpose)

    def _sealing(self, report_id: str) -> tuple[ReportSealed, datetime]:
        for recorded in load(self.platform.store, self.platform.sealer, f"report-{report_id}"):
            if isinstance(recorded.event, ReportSealed):
                return recorded.event, recorded.envelope.recorded_at
        raise Refused("unknown-report", report=report_id)

    def _verified(self, report: ReportSealed, sealed_at: datetime) -> dict[str, Any]:
        """Each part of the seal anew. An erasure since may rightly change the figures, never the seal."""
        wait_for_views(self, ALL_VIEWS, report.position)
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


def _subject(stream: str) -> str:
    """Whom or what a stream is about."""
    return stream.partition("-")[2] or stream


HTTP = ReportingHttp
REACT = None
