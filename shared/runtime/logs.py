"""Structured logs: one JSON object per line on standard error. Ids only, never a person's data.

Who handles a request or a message binds its correlation and causation ids with ``bound``; they appear in
every line until it is done. Context variables keep green threads apart. Lines of libraries pass through
too, but of an exception only its class and where it arose are ever written: its text may hold anything.
"""

from __future__ import annotations

import logging
import os
import sys
import sysconfig
import threading
from collections.abc import Iterator, MutableMapping
from contextlib import contextmanager, suppress
from types import TracebackType
from typing import Any, Final, Literal, cast

import orjson
import structlog
from structlog.contextvars import bound_contextvars, merge_contextvars
from structlog.typing import FilteringBoundLogger

LEVELS: Final = {"debug": 10, "info": 20, "warning": 30, "error": 40}

QUIET: Final = ("nameko.containers", "amqp", "kombu", "urllib3")
"""Libraries that write the texts of exceptions or of messages into their lines: only their worst is heard."""


def configure(process: str, *, level: str = "info", format: Literal["json", "console"] = "json") -> None:
    """Set up logging of this process, once. ``process`` names it in every line, like "intake.http"."""

    def named(_: Any, __: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
        event["process"] = process
        return event

    structlog.configure(
        processors=[
            merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            named,
            _without_texts,
            *([_json] if format == "json" else [_plain, structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty())]),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(LEVELS[level]),
        logger_factory=_Lines,
        cache_logger_on_first_use=True,
    )
    logging.basicConfig(level=max(LEVELS[level], logging.WARNING), handlers=[_Library()], force=True)
    for name in QUIET:
        logging.getLogger(name).setLevel(logging.CRITICAL)
    sys.excepthook = lambda kind, error, trace: _uncaught(error)
    threading.excepthook = lambda arguments: _uncaught(arguments.exc_value)
    sys.unraisablehook = lambda arguments: _uncaught(arguments.exc_value)


def get_logger() -> FilteringBoundLogger:
    """The process's logger: ``log.info("what-happened", event_id=…)``."""
    return cast(FilteringBoundLogger, structlog.get_logger())


@contextmanager
def bound(**ids: str) -> Iterator[None]:
    """Within this context every line carries these ids."""
    with bound_contextvars(**ids):
        yield


def place_of(error: BaseException) -> str:
    """Where an exception arose: module and line of the innermost frame of our own code, else of any."""
    traces = list(_traces(error))
    ours = [trace for trace in traces if not trace.tb_frame.f_code.co_filename.startswith(_FOREIGN)]
    if not traces:
        return "?"
    innermost = (ours or traces)[-1]
    return f"{innermost.tb_frame.f_globals.get('__name__', '?')}:{innermost.tb_lineno}"


_FOREIGN: Final = tuple({sysconfig.get_path(name) for name in ("stdlib", "purelib", "platlib")})


def _traces(error: BaseException) -> Iterator[TracebackType]:
    trace = error.__traceback__
    while trace is not None:
        yield trace
        trace = trace.tb_next


class _Lines:
    """Writes whole lines to standard error. A full disk loses lines, never the work they tell of."""

    def __init__(self, *_: Any) -> None:
        self._descriptor = sys.stderr.fileno()

    def msg(self, line: str) -> None:
        with suppress(OSError):
            os.write(self._descriptor, line.encode() + b"\n")

    log = debug = info = warning = error = critical = exception = msg


class _Library(logging.Handler):
    """Hands the lines of libraries to our logger. An exception among a line's arguments shows by its class."""

    def emit(self, record: logging.LogRecord) -> None:
        if isinstance(record.args, tuple):
            record.args = tuple(_class_name(arg) if isinstance(arg, BaseException) else arg for arg in record.args)
        get_logger().log(record.levelno, record.getMessage(), logger=record.name, exc_info=record.exc_info)


def _uncaught(error: BaseException | None) -> None:
    if isinstance(error, KeyboardInterrupt):
        return
    get_logger().error("uncaught", exc_info=error)


def _without_texts(_: Any, __: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """An exception becomes its class and place; its text and the values around it are not written."""
    error = event.pop("exc_info", None)
    if error is True:
        error = sys.exc_info()
    if isinstance(error, tuple):
        error = error[1]
    if isinstance(error, BaseException):
        event["exception"] = type(error).__qualname__
        event["place"] = place_of(error)
    return event


def _json(_: Any, __: str, event: MutableMapping[str, Any]) -> str:
    return orjson.dumps(event, default=_class_name, option=orjson.OPT_NON_STR_KEYS).decode()


def _plain(_: Any, __: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """What the console shows is what JSON would: not the representation of whatever object."""
    plain: dict[str, Any] = orjson.loads(_json(_, __, event))
    return plain


def _class_name(value: object) -> str:
    return f"<{type(value).__qualname__}>"
