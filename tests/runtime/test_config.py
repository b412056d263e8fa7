"""The settings: read once, checked, documented."""

from __future__ import annotations

from dataclasses import fields
from pathlib import Path

import pytest

from shared.runtime.config import SETTINGS, ConfigurationError, Settings, as_markdown

PAGE = Path(__file__).parents[2] / "docs" / "configuration.md"


def test_without_any_setting_everything_lies_under_var() -> None:
    settings = Settings.from_environment({"PATH": "/bin"})
    assert settings.data == Path("var")
    assert settings.eventstore == "sqlite:///var/events.db"
    assert settings.views_url("intake") == "sqlite:///var/intake.db"
    assert settings.retry_delays == (1, 5, 30, 120)
    assert (settings.clock, settings.port, settings.share_port) == ("system", 0, False)


def test_the_data_directory_is_the_root_of_the_others() -> None:
    settings = Settings.from_environment({"WEGMARKEN_DATA": "/srv/w", "WEGMARKEN_KEYRING": "sqlite:///{data}/k.db"})
    assert settings.eventstore == "sqlite:////srv/w/events.db"
    assert settings.keyring == "sqlite:////srv/w/k.db"
    assert settings.secrets == Path("/srv/w/secrets")


def test_one_postgresql_database_serves_all_with_a_schema_for_each() -> None:
    url = "postgresql://probe:hush@db/wegmarken"
    uses = ("VIEWS", "LEDGER", "KEYRING", "ACCESS_LOG", "PORTAL")
    settings = Settings.from_environment({f"WEGMARKEN_{use}": url for use in uses})
    assert settings.views_url("intake") == f"{url}?schema=intake"
    found = (settings.ledger, settings.keyring, settings.access_log, settings.portal)
    assert found == tuple(f"{url}?schema={schema}" for schema in ("ledger", "keyring", "access_log", "portal"))


def test_an_operator_may_choose_schema_and_options() -> None:
    views = "postgres://probe@db:5433/w?sslmode=verify-full&schema=views_{service}"
    settings = Settings.from_environment({"WEGMARKEN_VIEWS": views, "WEGMARKEN_ACCESS_LOG": "/srv/log"})
    assert settings.views_url("intake") == "postgresql://probe@db:5433/w?schema=views_intake&sslmode=verify-full"
    assert settings.access_log == "/srv/log"


@pytest.mark.parametrize("name", ["VIEWS", "LEDGER", "KEYRING", "ACCESS_LOG", "PORTAL"])
def test_another_database_is_refused_without_showing_its_password(name: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        Settings.from_environment({f"WEGMARKEN_{name}": "mysql://probe:hush@db/w"})
    assert str(caught.value).startswith(f"WEGMARKEN_{name}: expected ") and "hush" not in str(caught.value)


@pytest.mark.parametrize("name", ["VIEWS", "LEDGER", "KEYRING"])
def test_a_file_is_named_by_three_slashes(name: str) -> None:
    with pytest.raises(ConfigurationError, match=f"WEGMARKEN_{name}: expected sqlite:///path or "):
        Settings.from_environment({f"WEGMARKEN_{name}": "sqlite://probe.db"})


def test_what_is_no_url_is_not_quoted() -> None:
    with pytest.raises(ConfigurationError) as caught:
        Settings.from_environment({"WEGMARKEN_KEYRING": "postgresql://probe:hush\u2100@db/w"})
    assert str(caught.value) == "WEGMARKEN_KEYRING: this is no URL"


def test_an_empty_value_is_the_default() -> None:
    assert Settings.from_environment({"WEGMARKEN_CLOCK": "", "WEGMARKEN_DATA": ""}).clock == "system"


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("CLOCK", "sundial"),
        ("PORT", "-1"),
        ("PORT", "65536"),
        ("PORT", "٨"),
        ("MAX_BODY", "0"),
        ("LOG_LEVEL", "INFO"),
        ("LOG_FORMAT", "xml"),
        ("RETRY_DELAYS", "1,,5"),
        ("RETRY_DELAYS", "0"),
        ("TIMERS_EVERY", "often"),
        ("TIMERS_EVERY", "nan"),
        ("SHARE_PORT", "true"),
    ],
)
def test_a_bad_value_is_named_in_one_line(name: str, value: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        Settings.from_environment({f"WEGMARKEN_{name}": value})
    assert str(caught.value).startswith(f"WEGMARKEN_{name}={value}: expected ")
    assert "\n" not in str(caught.value)


def test_a_password_in_a_bad_url_is_not_shown() -> None:
    with pytest.raises(ConfigurationError) as caught:
        Settings.from_environment({"WEGMARKEN_BROKER": "http://probe:hush@127.0.0.1"})
    assert str(caught.value) == "WEGMARKEN_BROKER: expected an URL that starts with amqp:// or amqps://"
    with pytest.raises(ConfigurationError) as caught:
        Settings.from_environment({"WEGMARKEN_EVENTSTORE": "mysql://probe:hush@127.0.0.1"})
    assert str(caught.value).startswith(
        "WEGMARKEN_EVENTSTORE: expected an URL that starts with sqlite:// or kurrentdb://"
    )
    assert "hush" not in str(caught.value)


def test_a_setting_nobody_knows_is_a_mistake() -> None:
    with pytest.raises(ConfigurationError, match="WEGMARKEN_CLOK is not a setting"):
        Settings.from_environment({"WEGMARKEN_CLOK": "manual"})


def test_the_nodes_of_a_broker_are_named_side_by_side() -> None:
    url = "amqp://probe@one;amqp://probe@two"
    assert Settings.from_environment({"WEGMARKEN_BROKER": url.replace(";", " ; ") + ";"}).broker_url == url
    with pytest.raises(ConfigurationError) as caught:
        Settings.from_environment({"WEGMARKEN_BROKER": f"{url};http://probe:hush@three"})
    assert "hush" not in str(caught.value)


def test_the_broker_is_missed_only_when_it_is_needed() -> None:
    settings = Settings.from_environment({})
    with pytest.raises(ConfigurationError, match="WEGMARKEN_BROKER is not set"):
        settings.broker_url  # noqa: B018


def test_the_table_is_the_settings() -> None:
    assert [setting.name for setting in SETTINGS] == [field.name for field in fields(Settings)]


def test_the_page_is_the_table() -> None:
    assert PAGE.read_text(encoding="utf-8") == as_markdown()
