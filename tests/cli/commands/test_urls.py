"""`pointsman urls`, and `pointsman models --sources` and `--refresh`."""

import json
import time

import pytest

from pointsman.server.control.shapes import UrlShape, UrlsShape
from tests.cli.conftest import Run
from tests.cli.stub import Stub

ZHIPU = UrlShape(
    name="zhipu",
    title="Zhipu",
    list="https://zhipu.example/v4/models",
    docs="https://docs.example",
    docs_origin="command",
    source="docs",
    synced_at=None,
    models=3,
    error="it answered 404",
)
URLS = UrlsShape(urls=[ZHIPU])


@pytest.mark.parametrize("words", [("urls",), ("models", "--sources")])
def test_each_source_is_told_with_what_failed(words: tuple[str, ...], ask_stub: Run, stub: Stub) -> None:
    stub.answers["GET /control/v0/urls"] = URLS
    ran = ask_stub(*words)
    assert ran.code == 0
    assert ran.out.splitlines()[1].split() == [
        *("zhipu", "https://zhipu.example/v4/models", "3", "docs", "never"),
        *("https://docs.example", "command"),
    ]
    assert "zhipu: it answered 404" in ran.out


def test_what_was_had_is_told_by_its_age(ask_stub: Run, stub: Stub) -> None:
    fresh = ZHIPU | {"synced_at": time.time() - 7200, "error": ""}
    stub.answers["GET /control/v0/urls"] = {"urls": [fresh]}
    assert "2 h ago" in ask_stub("urls").out


def test_a_page_is_set_and_reset(ask_stub: Run, stub: Stub) -> None:
    stub.answers["POST /control/v0/urls/zhipu"] = URLS
    assert json.loads(ask_stub("urls", "set", "zhipu", "https://x.example", "--json").out) == URLS
    assert ask_stub("urls", "reset", "zhipu").code == 0
    assert [asked.body for asked in stub.asked] == [{"url": "https://x.example"}, {"url": None}]


@pytest.mark.parametrize("words", ["set --json zhipu https://x", "set zhipu --json https://x"])
def test_options_stand_anywhere(ask_stub: Run, stub: Stub, words: str) -> None:
    stub.answers["POST /control/v0/urls/zhipu"] = URLS
    assert json.loads(ask_stub("urls", *words.split()).out) == URLS
    assert stub.asked[0].body == {"url": "https://x"}


@pytest.mark.parametrize(
    "words", [("set", "zhipu"), ("set",), ("reset",), ("list", "zhipu"), ("reset", "a", "b")]
)
def test_words_that_make_no_sense_are_wrong_usage(words: tuple[str, ...], ask_stub: Run) -> None:
    ran = ask_stub("urls", *words)
    assert (ran.code, "urls set NAME URL" in ran.err) == (2, True)


def test_a_refresh_asks_for_all_lists_before_it_tells(ask_stub: Run, stub: Stub) -> None:
    failed = {"name": "looking for models", "failures": 1, "error": "it did not end within 10 s"}
    stub.answers |= {
        "POST /control/v0/discover": {"failed": [failed]},
        "GET /control/v0/urls": {"urls": [ZHIPU | {"error": ""}, ZHIPU | {"error": "it answered 503"}]},
        "GET /control/v0/models": {"models": []},
    }
    ran = ask_stub("models", "--refresh")
    assert ran.code == 0
    assert [asked.path.rpartition("/")[2] for asked in stub.asked] == ["discover", "urls", "models"]
    assert ran.err.splitlines()[:2] == [
        "zhipu was not refreshed: it answered 503",
        "looking for models failed: it did not end within 10 s",
    ]
