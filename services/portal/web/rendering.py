"""Templates: one set of Jinja pages, in the words of each language."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from types import CodeType
from typing import Any, Final

from jinja2 import BytecodeCache, Environment, FileSystemLoader, StrictUndefined, pass_context
from jinja2.bccache import Bucket
from jinja2.runtime import Context
from markupsafe import Markup, escape

from services.portal.answers import Unavailable
from services.portal.language import terms
from services.portal.language.words import LANGUAGES, Words, words
from services.portal.web.assets import HERE, Assets
from shared.api.said import Language

TEMPLATES: Final = HERE / "templates"


class Templates:
    """All templates, compiled at the start: whoever comes first waits no longer than others. What is undefined is an
    error, not an empty spot."""

    def __init__(self, assets: Assets) -> None:
        compiled = _Compiled()
        self._environments = {language: _environment(words(language), assets, compiled) for language in LANGUAGES}

    def page(self, name: str, language: Language, shown: Mapping[str, Any]) -> bytes:
        return self._environments[language].get_template(name).render(shown).encode()

    def fragment(self, name: str, block: str, language: Language, shown: Mapping[str, Any]) -> bytes:
        """One block of a page: what a script puts in the place of what it had. Raises KeyError for no such block."""
        template = self._environments[language].get_template(name)
        context: Context = template.new_context(dict(shown))
        return "".join(template.blocks[block](context)).encode()


class _Compiled(BytecodeCache):
    """What was compiled for one language serves the others: no word is in it, see ``_when_shown``."""

    def __init__(self) -> None:
        self._codes: dict[str, CodeType] = {}

    def load_bytecode(self, bucket: Bucket) -> None:
        bucket.code = self._codes.get(bucket.key)

    def dump_bytecode(self, bucket: Bucket) -> None:
        if bucket.code is not None:
            self._codes[bucket.key] = bucket.code


def _when_shown(speak: Callable[..., Any]) -> Callable[..., Any]:
    """A filter whose words come when a page is shown: of a constant they would else be compiled into the template."""
    return pass_context(lambda context, *given: speak(*given))


def _environment(of: Words, assets: Assets, compiled: BytecodeCache) -> Environment:
    environment = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        cache_size=-1,
        auto_reload=False,
        bytecode_cache=compiled,
    )

    def say(sentence: str, **facts: object) -> Markup:
        """A sentence; its facts are escaped, unless they are markup themselves."""
        said = escape(of.say(sentence))
        return said.format(**facts) if facts else said

    environment.globals.update(say=say, say_many=of.say_many, asset=assets.address, language=of.language, words=of)
    speaking: dict[str, Callable[..., Any]] = {
        "day": of.date,
        "weekday": of.weekday,
        "time": of.time,
        "number": of.number,
        "role": partial(terms.role, of),
        "term": lambda value, field: terms.term(of, field, value),
        "value": lambda value, field: terms.value(of, field, value),
        "label": partial(terms.label, of),
        "because": partial(terms.because, of),
        "phase_chip": partial(terms.phase_chip, of),
    }
    environment.filters.update({name: _when_shown(speak) for name, speak in speaking.items()}, dialled=terms.dialled)
    environment.globals["m"] = environment.get_template("macros.html").module
    environment.tests.update(unavailable=lambda answer: isinstance(answer, Unavailable))
    for name in environment.list_templates(["html"]):
        environment.get_template(name)
    return environment
