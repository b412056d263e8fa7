"""Which tests share a costly set-up is written down, since who hands them out sees only their names."""

from __future__ import annotations

import ast
from pathlib import Path

from tests.conftest import IN_ONE_OFFICE

TESTS = Path(__file__).parent


def test_every_file_that_takes_the_office_is_handed_out_with_the_others() -> None:
    files = (TESTS / "platform").rglob("test_*.py")
    assert {str(path.relative_to(TESTS.parent)) for path in files if takes_the_office(path)} == IN_ONE_OFFICE


def takes_the_office(path: Path) -> bool:
    """Whether a test or fixture takes the package's ``office``: the file has none of its own."""
    functions = [node for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, ast.FunctionDef)]
    asking = [each for each in functions if each.name.startswith("test_") or is_fixture(each)]
    own = any(each.name == "office" and is_fixture(each) for each in functions)
    return not own and any(argument.arg == "office" for each in asking for argument in each.args.args)


def is_fixture(function: ast.FunctionDef) -> bool:
    return any("fixture" in ast.unparse(decorator) for decorator in function.decorator_list)
