"""`pointsman keys`."""

import json

import pytest

from pointsman.server.control.shapes import KeyShape, KeysShape, TrialShape
from tests.cli.conftest import Run
from tests.cli.stub import Stub, refuse

SECRET = "sk-very-secret"
GROQ = KeyShape(
    name="groq",
    title="Groq",
    origin="credentials",
    fingerprint="0123abcd",
    state="refused",
    note="it answered 401",
    tested_at=None,
    sign_in="https://console.groq.com/keys",
)
WANTING = GROQ | KeyShape(
    name="openai",
    title="OpenAI",
    origin="",
    fingerprint="",
    state="missing",
    note="it needs a key",
    tested_at=None,
    sign_in="https://platform.openai.com/api-keys",
)
KEYS = KeysShape(keys=[GROQ, WANTING], trouble="")


def test_keys_are_told_by_their_fingerprints_and_what_is_wrong_with_them(ask_stub: Run, stub: Stub) -> None:
    stub.answers["GET /control/v0/keys"] = KEYS
    _, groq, without = ask_stub("keys").out.splitlines()
    assert " ".join(groq.split()) == "groq Groq 0123abcd credentials refused it answered 401"
    assert without == "Without a key: openai (https://platform.openai.com/api-keys)."


def test_what_is_wrong_with_the_file_is_told(ask_stub: Run, stub: Stub) -> None:
    stub.answers["GET /control/v0/keys"] = {"keys": [], "trouble": "others can read it: chmod 600"}
    assert "chmod 600" in ask_stub("keys", "list").err


def test_json_is_the_daemons_own_answer(ask_stub: Run, stub: Stub) -> None:
    stub.answers["GET /control/v0/keys"] = KEYS
    assert json.loads(ask_stub("keys", "list", "--json").out) == KEYS


def test_a_key_comes_from_a_pipe_and_is_not_shown(ask_stub: Run, stub: Stub) -> None:
    stub.answers["POST /control/v0/keys/groq"] = KEYS
    ran = ask_stub("keys", "set", "groq", stdin=f"{SECRET}\n")
    assert (ran.code, ran.out) == (0, "")
    assert ran.err == "the key of groq is kept (it works)\n"
    assert stub.asked[0].body == {"key": SECRET, "untested": False, "keyring": False}
    assert stub.asked[0].through == "unix"


def test_more_than_one_line_in_a_pipe_is_no_key(ask_stub: Run, stub: Stub) -> None:
    ran = ask_stub("keys", "set", "groq", stdin=f"old\n{SECRET}\n")
    assert (ran.code, stub.asked) == (2, [])
    assert "there are 2 lines in the pipe" in ran.err
    assert SECRET not in ran.err


def test_how_it_is_kept_can_be_said(ask_stub: Run, stub: Stub) -> None:
    stub.answers["POST /control/v0/keys/groq"] = KEYS
    ran = ask_stub("keys", "set", "groq", "--untested", "--keyring", stdin=SECRET)
    assert "not tried" in ran.err
    assert stub.asked[0].body == {"key": SECRET, "untested": True, "keyring": True}


@pytest.mark.parametrize("words", ["set --untested groq", "set groq --untested", "--untested set groq"])
def test_options_stand_anywhere(ask_stub: Run, stub: Stub, words: str) -> None:
    stub.answers["POST /control/v0/keys/groq"] = KEYS
    assert ask_stub("keys", *words.split(), stdin=SECRET).code == 0
    (asked,) = stub.asked
    assert asked.path == "/control/v0/keys/groq"
    assert asked.body == {"key": SECRET, "untested": True, "keyring": False}


@pytest.mark.parametrize("words", ["set --untested groq more", "set --nope groq", "sett --untested groq"])
def test_words_that_mean_nothing_are_wrong_usage(
    words: str, ask_stub: Run, stub: Stub, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as leaving:
        ask_stub("keys", *words.split())
    assert leaving.value.code == 2
    assert "usage: pointsman" in capsys.readouterr().err
    assert stub.asked == []


def test_a_key_that_is_refused_is_an_error(ask_stub: Run, stub: Stub) -> None:
    async def refusing(_: object) -> object:
        return refuse(422, "groq refuses this key (it was answered 401): nothing was changed")

    stub.answers["POST /control/v0/keys/groq"] = refusing
    ran = ask_stub("keys", "set", "groq", stdin=SECRET)
    assert (ran.code, ran.out) == (1, "")
    assert "nothing was changed" in ran.err
    assert SECRET not in ran.err


def test_a_test_tells_what_came_of_it(ask_stub: Run, stub: Stub) -> None:
    trial = TrialShape(name="groq", verdict="works", words="it works", at=1.0)
    stub.answers["POST /control/v0/keys/groq/test"] = trial
    ran = ask_stub("keys", "test", "groq")
    assert (ran.code, ran.out) == (0, "groq: works: it works\n")
    stub.answers["POST /control/v0/keys/groq/test"] = trial | {"verdict": "refused"}
    assert ask_stub("keys", "test", "groq").code == 1


@pytest.mark.parametrize(
    ("keys", "said"), [([WANTING | {"name": "groq"}], "taken away\n"), ([GROQ], "the one from credentials")]
)
def test_what_is_used_after_a_removal_is_told(
    ask_stub: Run, stub: Stub, keys: list[KeyShape], said: str
) -> None:
    stub.answers["DELETE /control/v0/keys/groq"] = {"keys": keys, "trouble": ""}
    assert said in ask_stub("keys", "remove", "groq").err


@pytest.mark.parametrize("words", [("set",), ("test",), ("remove",), ("list", "groq"), ("set", "groq")])
def test_half_a_command_is_wrong_usage(words: tuple[str, ...], ask_stub: Run, stub: Stub) -> None:
    assert ask_stub("keys", *words).code == 2
    assert stub.asked == []
