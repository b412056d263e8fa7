"""Templates: one set of Jinja pages, in the words of each language."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any, Final

from jinja2 import Environment, FileSystemLoader, StrictUndefined
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
        self._environments = {language: _environment(words(language), assets) for language in LANGUAGES}

    def page(self, name: str, language: Language, shown: Mapping[str, Any]) -> bytes:
        return self._environments[language].get_template(name).render(shown).encode()

    def fragment(self, name: str, block: str, language: Language, shown: Mapping[str, Any]) -> bytes:
        """One block of a page: what a script puts in the place of what it had. Raises KeyError for no such block."""
        template = self._environments[language].get_template(name)
        context: Context = template.new_context(dict(shown))
        return "".join(template.blocks[block](context)).encode()


def _environment(of: Words, assets: Assets) -> Environment:
    environment = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        cache_size=-1,
        auto_reload=False,
    )

    def say(sentence: str, **facts: object) -> Markup:
        """A sentence; its facts are escaped, unless they are markup themselves."""
        said = escape(of.say(sentence))
        return said.format(**facts) if facts else said

    environment.globals.update(say=say, say_many=of.say_many, asset=assets.address, language=of.language, words=of)
    environment.filters.update(
        day=of.date,
        weekday=of.weekday,
        time=of.time,
        number=of.number,
        role=lambda role: terms.role(of, role),
        term=lambda value, field: terms.term(of, field, value),
        value=lambda value, field: terms.value(of, field, value),
        label=partial(terms.label, of),
        because=partial(terms.because, of),
        phase_chip=partial(terms.phase_chip, of),
        dialled=terms.dialled,
    )
    environment.globals["m"] = environment.get_template("macros.html").module
    environment.tests.update(unavailable=lambda answer: isinstance(answer, Unavailable))
    for name in environment.list_templates(["html"]):
        environment.get_template(name)
    return environment
