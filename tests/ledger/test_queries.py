import sqlite3
import threading
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from pointsman.calls import Attempt, Excluded, Outcome
from pointsman.errors import BadRequest, LedgerError, NotFound
from pointsman.ledger import queries
from pointsman.ledger.queries import Reader
from pointsman.ledger.schema import open_ledger
from pointsman.money import Usage
from tests.fakes.records import attempt, decision, record
from tests.ledger.conftest import keep


@pytest.fixture
def path(path: Path) -> Path:
    open_ledger(path).close()
    return path


def ids(lines: tuple[queries.Line, ...]) -> list[str]:
    return [line.id for line in lines]


def test_the_log_has_the_newest_first_and_no_more_than_asked(path: Path, reader: Reader) -> None:
    keep(path, record("b", at=2.0), record("c", at=3.0), record("a", at=1.0))
    assert ids(reader.log(10)) == ["c", "b", "a"]
    assert ids(reader.log(2)) == ["c", "b"]


def test_of_two_at_the_same_time_the_one_whose_id_is_later_is_the_newer(path: Path, reader: Reader) -> None:
    keep(path, record("x", at=1.0), record("a", at=1.0))
    assert ids(reader.log(10)) == ["x", "a"]
    assert reader.request().line.id == "x"


def test_the_last_is_one_that_is_over_though_others_are_under_way(path: Path, reader: Reader) -> None:
    keep(path, record("over", at=1.0), record("open", at=2.0, status=0, answered_by="", tier=""))
    last = reader.last()
    assert last is not None
    assert (reader.request().line.id, last.id) == ("over", "over")
    assert ids(reader.log(10)) == ["open", "over"]
    keep(path, record("lost", at=3.0, status=0, error="it was ended", answered_by="", tier=""))
    assert reader.request().line.id == "lost"


def test_a_line_sums_its_attempts(path: Path, reader: Reader) -> None:
    tried = (
        attempt(usage=None, cost=0),
        attempt(usage=Usage(10, 1), cost=5),
        attempt(usage=Usage(20, 2), cost=7),
    )
    keep(path, record(attempts=tried))
    line = reader.request().line
    assert (line.attempts, line.input_tokens, line.output_tokens, line.cost) == (3, 30, 3, 12)


def test_one_unknown_cost_makes_the_cost_of_the_line_unknown(path: Path, reader: Reader) -> None:
    keep(path, record(attempts=(attempt(cost=5), attempt(cost=None))))
    assert reader.request().line.cost is None


def test_a_request_that_nobody_tried_cost_nothing_and_has_no_tokens(path: Path, reader: Reader) -> None:
    keep(path, record(attempts=()))
    line = reader.request().line
    assert (line.attempts, line.input_tokens, line.output_tokens, line.cost) == (0, None, None, 0)


def test_a_request_is_found_by_its_id_and_the_beginning_of_it(path: Path, reader: Reader) -> None:
    keep(path, record("abc-1", decision=decision("abc-1")), record("xyz-2", decision=decision("xyz-2")))
    for wanted in ("abc-1", "abc", "a"):
        assert reader.request(wanted).line.id == "abc-1"
    story = reader.request("xyz")
    assert story.decision
    assert story.decision["id"] == story.line.id == "xyz-2"


def test_an_id_that_is_also_the_beginning_of_others_means_itself(path: Path, reader: Reader) -> None:
    keep(path, record("a1"), record("a12"), record("a123"))
    assert reader.request("a1").line.id == "a1"


def test_an_ambiguous_beginning_is_refused_and_some_of_those_meant_are_named(
    path: Path, reader: Reader
) -> None:
    keep(path, *(record(f"ab{number}") for number in range(9)), record("other"))
    with pytest.raises(BadRequest) as caught:
        reader.request("ab")
    assert caught.value.message == "'ab' is the beginning of several ids: ab0, ab1, ab2, ab3, ab4 and more"
    assert caught.value.param == "id"


def test_two_of_a_beginning_are_both_named(path: Path, reader: Reader) -> None:
    keep(path, record("ab1"), record("ab2"))
    with pytest.raises(BadRequest, match=r"several ids: ab1, ab2$"):
        reader.request("ab")


def test_an_id_that_nothing_begins_with_is_not_found(path: Path, reader: Reader) -> None:
    keep(path, record("abc"))
    for wanted in ("b", "abcd", "%", "\ud800"):
        with pytest.raises(NotFound, match="no request whose id begins with"):
            reader.request(wanted)


def test_an_empty_ledger_has_no_newest_request(reader: Reader) -> None:
    assert reader.log(5) == ()
    with pytest.raises(NotFound, match="holds no request yet"):
        reader.request()


def test_the_reader_goes_on_after_a_question_without_an_answer(path: Path, reader: Reader) -> None:
    with pytest.raises(NotFound):
        reader.request("a")
    keep(path, record("a"))
    assert reader.request("a").line.id == "a"


def test_a_models_speed_is_that_of_its_streams_from_the_first_token_on(path: Path, reader: Reader) -> None:
    def stream(model: str, tokens: int, seconds: float) -> Attempt:
        return attempt(model=model, usage=Usage(9, tokens), first_content=1.0, ended=1.0 + seconds)

    guessed = replace(stream("a/quick", 10_000, 1), usage=Usage(9, 10_000, estimated=True))
    cut = replace(stream("a/quick", 10_000, 1), outcome=Outcome.CUT)
    plain = stream("a/plain", 50, 0.0)
    keep(path, record("x", attempts=(stream("a/quick", 30, 1), stream("a/slow", 8, 2), plain)))
    keep(path, record("y", attempts=(stream("a/quick", 50, 1), guessed, cut)))
    assert reader.speeds() == {"a/quick": 40, "a/slow": 4}


def test_a_models_reading_is_told_by_the_slow_among_its_last_prompts(path: Path, reader: Reader) -> None:
    def read(tokens: int, seconds: float, model: str = "a/x", cached: int = 0) -> Attempt:
        usage, began = Usage(tokens, 9, cache_read=cached), 1.0 + seconds
        return attempt(
            model=model, tier="local", started=1.0, usage=usage, first_content=began, ended=began + 1
        )

    loaded, cached = read(1_000, 100), [read(1_000, 1) for _ in range(2)]
    keep(path, record("x", attempts=(*cached, *(read(1_000, 10) for _ in range(4)), loaded)))
    keep(path, record("y", attempts=(read(10_000, 10, "a/told", cached=9_000), read(499, 10, "a/short"))))
    plain = replace(read(1_000, 10, "a/plain"), ended=11.0)
    guessed = replace(read(1_000, 10, "a/guessed"), usage=Usage(1_000, 9, estimated=True))
    keep(path, record("z", attempts=(plain, guessed, replace(read(1_000, 10, "cloud/x"), tier="free"))))
    assert reader.reading_paces() == pytest.approx({"a/x": 0.01, "a/told": 0.01})


def test_the_decisions_are_found_in_which_a_rule_left_a_model_out(path: Path, reader: Reader) -> None:
    small = decision(excluded=(Excluded("context", "it is too small", ("local/tiny",)),))
    keep(path, record("old", at=1.0, decision=small))
    keep(path, record("new", at=3.0, app="editor", decision=small), record("fits", at=4.0))
    keep(path, record("refused", at=5.0, decision=None))
    (found,) = reader.left_out("context", since=2.0)
    assert (found.app, found.decision["excluded"][0]["models"]) == ("editor", ["local/tiny"])


def test_questions_are_answered_while_somebody_writes(path: Path, reader: Reader) -> None:
    keep(path, record("a"))
    with closing(open_ledger(path)) as writing:
        writing.execute("BEGIN IMMEDIATE")
        writing.execute("DELETE FROM requests")
        assert ids(reader.log(5)) == ["a"]
        writing.execute("COMMIT")
    assert ids(reader.log(5)) == []


def test_several_threads_may_ask(path: Path, reader: Reader) -> None:
    keep(path, record("a"))
    answers: list[str] = []
    threads = [
        threading.Thread(target=lambda: answers.extend(ids(reader.log(1)) * 20), name=str(number))
        for number in range(8)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert answers == ["a"] * 160


def test_a_missing_ledger_is_told_and_read_once_it_is_there(tmp_path: Path) -> None:
    path = tmp_path / "ledger.sqlite3"
    with closing(Reader(path)) as reader:
        with pytest.raises(LedgerError, match="unable to open database file"):
            reader.log(1)
        keep(path, record("a"))
        assert ids(reader.log(1)) == ["a"]


def test_a_ledger_damaged_within_is_told_with_its_path_and_left_as_it_is(path: Path, reader: Reader) -> None:
    keep(path, *(record(f"r{number}", error="x" * 2000) for number in range(50)))
    content = bytearray(path.read_bytes())
    content[4096:] = b"\xff" * (len(content) - 4096)
    path.write_bytes(content)
    with pytest.raises(LedgerError, match="Move it away together") as caught:
        reader.log(5)
    assert str(path) in caught.value.message
    assert path.read_bytes() == content


@pytest.mark.parametrize(
    ("sql", "values"),
    [
        (queries._NEWEST, (1,)),
        (queries._LINE, ("a",)),
        (queries._EXACT, ("a",)),
        (queries._BY_PREFIX, {"low": "a", "high": "b", "limit": 1}),
        (queries._ATTEMPTS, ("a",)),
        (queries._SPEEDS, {"newest": 1, "seconds": 0.1}),
        (queries._LEFT_OUT, {"since": 0.0, "newest": 1, "rule": "context"}),
    ],
)
def test_no_question_reads_or_sorts_a_whole_table(path: Path, sql: str, values: Any) -> None:
    with closing(sqlite3.connect(path)) as connection:
        plan = [row[3] for row in connection.execute(f"EXPLAIN QUERY PLAN {sql}", values)]
    scans = [step for step in plan if step.startswith("SCAN") and "INDEX" not in step]
    assert all("subquery" in scan.lower() for scan in scans), plan
    assert not any("FOR ORDER BY" in step for step in plan) or "LIMIT ?" not in sql, plan
