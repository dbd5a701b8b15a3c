import json
import re
from typing import Any

import pytest
from aiohttp import web

from pointsman.server.app import ROWS
from pointsman.server.openapi import describe
from pointsman.server.rooms import Info
from pointsman.server.routes import Row

INFO = Info(
    version="1.2.3",
    pid=1,
    started_at=0.0,
    url="http://127.0.0.1:11711",
    socket="",
    state_dir="/state",
)


@pytest.fixture
def document() -> dict[str, Any]:
    found: dict[str, Any] = json.loads(json.dumps(describe(ROWS, INFO)))
    return found


def plain(path: str) -> str:
    """`/v1/models/{id:.+}` as documents write it: `/v1/models/{id}`."""
    return re.sub(r":[^}]*}", "}", path)


def operation(path: str, method: str = "GET") -> dict[str, Any]:
    async def nothing(_request: web.Request) -> web.Response:
        return web.Response()

    [methods] = describe([Row(method, path, nothing, "A thing.")], INFO)["paths"].values()
    found: dict[str, Any] = methods[method.lower()]
    return found


@pytest.mark.parametrize("row", ROWS, ids=lambda row: f"{row.method} {row.path}")
def test_every_row_is_described_by_its_summary(row: Row, document: dict[str, Any]) -> None:
    assert document["paths"][plain(row.path)][row.method.lower()]["summary"] == row.summary


def test_nothing_is_described_that_is_not_served(document: dict[str, Any]) -> None:
    described = {(method.upper(), path) for path, methods in document["paths"].items() for method in methods}
    assert described == {(row.method, plain(row.path)) for row in ROWS}


def test_no_row_stands_there_twice() -> None:
    assert len({(row.method, plain(row.path)) for row in ROWS}) == len(ROWS)


def test_summaries_are_sentences() -> None:
    assert [row.path for row in ROWS if not re.fullmatch(r"[A-Z0-9].*\.", row.summary)] == []


def test_it_says_what_it_is_and_where(document: dict[str, Any]) -> None:
    assert document["openapi"].startswith("3.1")
    assert document["info"] == {"title": "Pointsman", "version": "1.2.3"}
    assert document["servers"] == [{"url": "http://127.0.0.1:11711"}]


@pytest.mark.parametrize("path", ["/v1/models/{id}", "/v1/models/{id:.+}"])
def test_what_stands_in_a_path_is_a_parameter_of_it(path: str) -> None:
    assert operation(path)["parameters"] == [
        {"name": "id", "in": "path", "required": True, "schema": {"type": "string"}}
    ]


def test_a_path_without_parameters_has_none_and_a_get_no_body() -> None:
    assert set(operation("/healthz")) == {"summary", "responses"}


def test_a_post_takes_json() -> None:
    assert "application/json" in operation("/x", "POST")["requestBody"]["content"]
