"""`pointsman feedback`."""

import json

import pytest

from tests.cli.conftest import Run
from tests.cli.stub import Stub

PATH = "POST /control/v0/feedback"


@pytest.mark.parametrize(("said", "score"), [("good", 1.0), ("bad", 0.0), ("0.7", 0.7)])
def test_the_last_answer_is_judged_in_words_or_by_a_number(
    said: str, score: float, ask_stub: Run, stub: Stub
) -> None:
    stub.answers[PATH] = {"id": "r1", "model": "local/tiny", "score": score}
    assert ask_stub("feedback", said).out == f"r1, answered by local/tiny: {score:g}\n"


def test_json_is_the_daemons_own_answer(ask_stub: Run, stub: Stub) -> None:
    stub.answers[PATH] = {"id": "r1", "model": "", "score": 0.5}
    assert json.loads(ask_stub("feedback", "0.5", "r1", "--json").out) == stub.answers[PATH]


@pytest.mark.parametrize("said", ["better", "2", "-1", "nan"])
def test_what_is_no_judgement_is_wrong_usage(said: str, ask_stub: Run) -> None:
    ran = ask_stub("feedback", said)
    assert ran.code == 2
    assert "good, bad, or a number from 0 to 1" in ran.err
