"""How requests were understood and how they went: counted from what is kept of them."""

from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from pointsman.calls import Attempt, Candidate, Decision, Wanted
from pointsman.ledger.queries import Reader
from pointsman.ledger.record import FeedbackRecord, RequestRecord
from pointsman.ledger.writer import Writer
from pointsman.types import Complexity, TaskKind
from tests.fakes.records import attempt, record
from tests.routing.house import model, task

TINY = model("local/tiny")


@pytest.fixture
def writer(path: Path) -> Iterator[Writer]:
    writer = Writer(path)
    writer.start()
    yield writer
    writer.stop()


def asked(id_: str, at: float, *attempts: Attempt, degraded: bool = False, **facts: Any) -> RequestRecord:
    wanted = Wanted("auto", chosen=True, role="main")
    candidates = [Candidate(TINY, "ladder:local", degraded)]
    decision = Decision(id_, wanted, replace(task(), **facts), candidates, ())
    return record(
        id_, at, decision=decision, answered_by=TINY.id, status=200, attempts=attempts or (attempt(),)
    )


def told(path: Path, writer: Writer, *records: RequestRecord | FeedbackRecord, since: float = 0.0) -> Any:
    for one in records:
        writer.enqueue(one)
    writer.flush().result(30)
    with closing(Reader(path)) as reader:
        return reader.analytics(since)


def test_nothing_was_asked_of_an_empty_ledger(path: Path, writer: Writer) -> None:
    found = told(path, writer)
    assert (found.requests, found.bad, found.by["kind"]) == (0, 0, {})


def test_requests_are_counted_by_what_they_were_about(path: Path, writer: Writer) -> None:
    found = told(
        path,
        writer,
        asked("early", 1.0, kind=TaskKind.CODE),
        asked("a", 5.0, kind=TaskKind.CODE, complexity=Complexity.COMPLEX),
        asked("b", 6.0, kind=TaskKind.CODE),
        asked("c", 7.0, kind=TaskKind.FAST, complexity=Complexity.TRIVIAL),
        since=5.0,
    )
    assert found.requests == 3
    assert found.by["kind"] == {"code": 2, "fast": 1}
    assert found.by["complexity"] == {"complex": 1, "standard": 1, "trivial": 1}
    assert found.by["role"] == {"main": 3}
    assert found.by["profile"] == {"balanced": 3}


def test_how_they_went_is_told(path: Path, writer: Writer) -> None:
    found = told(
        path,
        writer,
        asked("a", 1.0, attempt(), attempt()),
        asked("b", 2.0, degraded=True),
        asked("c", 3.0, reasons=("revision: one step up",)),
        replace(asked("d", 4.0), status=503, answered_by=""),
        FeedbackRecord("a", 9.0, 0.2),
        FeedbackRecord("b", 9.0, 0.1),
        FeedbackRecord("b", 10.0, 1.0),
    )
    assert (found.requests, found.answered, found.fell_back, found.degraded) == (4, 3, 1, 1)
    assert (found.revised, found.judged, found.bad) == (1, 2, 1)


def test_what_was_judged_is_told_with_its_request(path: Path, writer: Writer) -> None:
    told(path, writer, asked("a", 1.0), asked("b", 2.0), FeedbackRecord("a", 9.0, 0.25))
    with closing(Reader(path)) as reader:
        assert (reader.request("a").score, reader.request("b").score) == (0.25, None)
