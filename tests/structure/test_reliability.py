"""docs/reliability.md names the test that shows what it promises: each is there, with the case it names."""

import ast
import re
from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from tests.structure.repository import ROOT, Source, sources

DOCUMENT = (ROOT / "docs" / "reliability.md").read_text(encoding="utf-8")
SCENARIO = re.compile(r"^\| (?!scenario|---)(?:.*?) \| (?:.*?) \| (?P<shown>.*) \|$", re.MULTILINE)
SHOWN = re.compile(r"`(?P<file>test_\w+\.py)::(?P<test>test_\w+)(?:\[(?P<case>[^`]+)\])?`")


class Named(NamedTuple):
    file: str
    test: str
    case: str


def named(document: str) -> list[Named]:
    return [Named(found["file"], found["test"], found["case"] or "") for found in SHOWN.finditer(document)]


def rows(document: str) -> list[str]:
    """What shows each scenario of the table."""
    table = document.partition("## Scenario by scenario")[2].partition("\n## ")[0]
    return [found["shown"] for found in SCENARIO.finditer(table)]


def missing(names: Sequence[Named], tests: Iterable[Source]) -> list[Named]:
    files = {one.file for one in names}
    there = {test for source in tests if source.name in files for test in _tests(source)}
    return [one for one in names if one not in there]


def _tests(source: Source) -> Iterator[Named]:
    """Each test, and once more with each text of its file that may name a case."""
    texts = {str(node.value) for node in ast.walk(source.tree) if isinstance(node, ast.Constant)}
    for node in ast.walk(source.tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield from (Named(source.name, node.name, case) for case in ["", *texts])


def test_every_scenario_names_a_test_that_exists() -> None:
    assert len(rows(DOCUMENT)) > 20
    assert all(named(row) for row in rows(DOCUMENT))
    assert missing(named(DOCUMENT), sources("tests")) == []


def test_a_scenario_without_its_test_is_found() -> None:
    there = Source("tests/test_a.py", 'CASES = {"one": 1}\nasync def test_it(): pass\n')
    table = "`test_a.py::test_it[one]` `test_a.py::test_it` `test_a.py::test_it[two]` `test_b.py::test_it`"
    assert missing(named(table), [there]) == [
        Named("test_a.py", "test_it", "two"),
        Named("test_b.py", "test_it", ""),
    ]
