"""Logs: JSON lines with ids, and never the text of an exception."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import Any

import pytest

PROGRAM = """
import logging
from shared.runtime import logs
logs.configure("probe.http", level={level!r}, format={format!r})
log = logs.get_logger()
{body}
"""


def lines(body: str, *, level: str = "info", format: str = "json") -> list[str]:
    """What a process with this body writes to standard error."""
    program = PROGRAM.format(level=level, format=format, body=body)
    run = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=60, check=False)
    assert run.stdout == ""
    return run.stderr.splitlines()


def parsed(body: str, **options: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in lines(body, **options)]


def test_a_line_is_one_json_object() -> None:
    (line,) = parsed("log.info('something-happened', event_id='e1', n=2)")
    assert {"event": "something-happened", "event_id": "e1", "n": 2, "process": "probe.http"}.items() <= line.items()
    assert line["level"] == "info"
    assert line["timestamp"].endswith("Z")


def test_ids_are_bound_for_a_while() -> None:
    found = parsed("with logs.bound(correlation_id='c', causation_id='d'):\n  log.info('a')\nlog.info('b')")
    assert [line.get("correlation_id") for line in found] == ["c", None]


def test_green_threads_do_not_mix_their_ids() -> None:
    body = """
import eventlet
def work(n):
    with logs.bound(correlation_id=str(n)):
        eventlet.sleep(0)
        log.info("done", n=n)
pool = eventlet.GreenPool()
for n in range(20):
    pool.spawn(work, n)
pool.waitall()
"""
    found = [json.loads(line) for line in lines(body) if line.startswith("{")]
    assert len(found) == 20
    assert all(line["correlation_id"] == str(line["n"]) for line in found)


@pytest.mark.parametrize(
    "body",
    [
        "try: raise ValueError('Erika Beispiel')\nexcept ValueError as e: log.error('failed', exc_info=e)",
        "try: raise ValueError('Erika Beispiel')\nexcept ValueError: log.exception('failed')",
        "try: raise ValueError('Erika Beispiel')\nexcept ValueError: logging.getLogger('lib').exception('failed')",
        "logging.getLogger('lib').error('failed', exc_info=ValueError('Erika Beispiel'))",
        "logging.getLogger('lib').error('failed %s', ValueError('Erika Beispiel'))",
        "log.error('failed', error=ValueError('Erika Beispiel'))",
        "log.error('failed', thing=object.__new__(type('T', (), {'__repr__': lambda s: 'Erika'})))",
        "raise ValueError('Erika Beispiel')",
        "import threading\nt = threading.Thread(target=lambda: int('Erika'))\nt.start()\nt.join()",
    ],
)  # fmt: skip
@pytest.mark.parametrize("format", ["json", "console"])
def test_the_text_of_an_exception_is_never_written(body: str, format: str) -> None:
    found = "\n".join(lines(body, format=format))
    assert "Erika" not in found
    assert "failed" in found or "uncaught" in found
    assert "Error" in found or "<T>" in found


def test_libraries_are_heard_when_they_warn() -> None:
    found = parsed("logging.getLogger('lib').info('x')\nlogging.getLogger('lib').warning('careful %s', 1)")
    assert [(line["event"], line["level"]) for line in found] == [("careful 1", "warning")]


def test_what_nameko_says_of_failed_workers_is_not_heard() -> None:
    assert parsed("logging.getLogger('nameko.containers').error('error handling worker: Erika')") == []


def test_the_level_counts() -> None:
    assert [line["event"] for line in parsed("log.info('a'); log.warning('b')", level="warning")] == ["b"]
    assert [line["event"] for line in parsed("log.debug('a'); log.info('b')", level="debug")] == ["a", "b"]
