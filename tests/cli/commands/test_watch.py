"""`pointsman watch`: what happens, as it happens."""

import asyncio
import json
import signal
import subprocess
from collections.abc import Sequence

from aiohttp import web

from tests.cli.conftest import Run
from tests.cli.stub import Handler, Stub, refuse
from tests.cli.test_main import COMMAND

PATH = "GET /control/v0/events"
DONE = {
    "at": 1_000.0,
    "id": "abc123",
    "app": "aider",
    "asked": "auto",
    "model": "llama-server/qwen",
    "tier": "local",
    "status": 200,
    "error": "",
    "seconds": 3.2,
    "attempts": 1,
    "input_tokens": 1_200,
    "output_tokens": None,
    "cost": 0,
}
OLLAMA = {"at": 1_000.0, "id": "ollama", "place": "http://127.0.0.1:11434/v1", "tier": "local", "note": ""}

Told = tuple[str, dict[str, object]]


def daemon(*lives: Sequence[Told]) -> Handler:
    """One that tells these and stops, as often as it has lives, and then refuses."""
    left = list(lives)

    async def tell(request: web.Request) -> web.StreamResponse:
        if not left:
            return refuse(503, "that is all")
        response = web.StreamResponse(headers={"Content-Type": "text/event-stream"})
        await response.prepare(request)
        await response.write(b": watching\n\n")
        for kind, data in left.pop(0):
            await response.write(f"event: {kind}\ndata: {json.dumps(data)}\n\n".encode())
        return response

    return tell


def test_each_request_is_a_line(ask_stub: Run, stub: Stub) -> None:
    failed = DONE | {"id": "d2", "model": "", "tier": "", "asked": "", "status": 503, "error": "no\nmodel"}
    stub.answers[PATH] = daemon([("request.done", DONE), ("request.done", failed)])
    heads, first, second = ask_stub("watch").out.splitlines()
    assert heads.split()[:6] == ["WHEN", "ID", "APP", "ASKED", "MODEL", "TIER"]
    assert first.split()[1:] == ["abc123", "aider", "auto", "llama-server/qwen", "local"] + [
        *["1,200", "?", "$0", "3.2", "s", "200"]
    ]
    assert first.index("llama-server/qwen") == heads.index("MODEL")
    assert second.split()[1:5] == ["d2", "aider", "(none)", "-"]
    assert second.endswith("503     no\\x0amodel")


def test_engines_that_come_and_go_are_told(ask_stub: Run, stub: Stub) -> None:
    gone = OLLAMA | {"note": "connection refused"}
    told = [("endpoint.found", OLLAMA), ("endpoint.away", gone), ("endpoint.back", OLLAMA)]
    stub.answers[PATH] = daemon([*told, ("endpoint.changed", OLLAMA), ("lost", {"count": 3})])
    _, *lines = ask_stub("watch").out.splitlines()
    assert [line[10:] for line in lines] == [
        "ollama was found at http://127.0.0.1:11434/v1, tier local",
        "ollama is away: connection refused",
        "ollama is back at http://127.0.0.1:11434/v1",
        "3 lines missed: more happened than this terminal could take",
    ]


def test_who_is_left_alone_and_asked_again_is_told(ask_stub: Run, stub: Stub) -> None:
    shut = {"at": 1.0, "kind": "model", "id": "groq/kimi", "seconds": 42.0, "reason": "it answered 429"}
    stub.answers[PATH] = daemon([("limit.shut", shut), ("limit.open", {"at": 2.0, "id": "groq/kimi"})])
    _, *lines = ask_stub("watch").out.splitlines()
    assert [line[10:] for line in lines] == [
        "groq/kimi is left alone for 42 s: it answered 429",
        "groq/kimi may be asked again",
    ]


def test_what_leaves_the_machine_and_what_may_are_told(ask_stub: Run, stub: Stub) -> None:
    left = {"at": 1.0, "app": "aider", "to": "openrouter", "model": "openrouter/any"}
    mode = {"at": 2.0, "mode": "local-only", "was": "normal"}
    stub.answers[PATH] = daemon([("privacy.left", left), ("mode.changed", mode)])
    _, *lines = ask_stub("watch").out.splitlines()
    assert [line[10:] for line in lines] == [
        "prompts of aider leave this machine for the first time, for openrouter",
        "the mode is local-only; it was normal",
    ]


def test_what_money_does_is_told(ask_stub: Run, stub: Stub) -> None:
    paid = {"at": 1.0, "app": "aider", "model": "cloud/big"}
    step = {"at": 1.0, "budget": "day", "step": "lean", "share": 0.91, "spent": 910, "limit": 1000}
    later = {"at": 1.0, "budget": "day", "step": "frugal", "share": 0.91}
    fallback = {"at": 1.0, "id": "x", "of": "a/one", "to": "b/two", "reason": "a/one: answered 503"}
    events = [("paid.first", paid), ("budget.step", step), ("budget.step", later), ("fallback", fallback)]
    stub.answers[PATH] = daemon(events)
    ran = ask_stub("watch")
    assert "money is spent for the first time: aider asks cloud/big" in ran.out
    assert (
        "budget day is used up to 91 %, step lean: the best of the paid models are for critical requests"
        in ran.out
    )
    assert "budget day is used up to 91 %, step frugal\n" in ran.out
    assert "b/two answered in the place of a/one: a/one: answered 503" in ran.out


def test_json_is_a_line_for_each_happening_whatever_it_is(ask_stub: Run, stub: Stub) -> None:
    stub.answers[PATH] = daemon([("request.done", DONE), ("sweep.done", {"at": 2.0, "why": "é"})])
    lines = ask_stub("watch", "--json").out.splitlines()
    assert list(map(json.loads, lines)) == [
        {"kind": "request.done", "data": DONE},
        {"kind": "sweep.done", "data": {"at": 2.0, "why": "é"}},
    ]


def test_what_another_version_does_not_say_is_left_empty(ask_stub: Run, stub: Stub) -> None:
    stub.answers[PATH] = daemon([("request.done", {"at": 1_000.0, "id": "abc"})])
    assert ask_stub("watch").out.splitlines()[1].split()[1:] == ["abc", "(none)", "-", "0", "ms"]


def test_what_is_no_event_is_passed_over(ask_stub: Run, stub: Stub) -> None:
    async def babble(request: web.Request) -> web.StreamResponse:
        stub.answers[PATH] = daemon()
        good = json.dumps(DONE).encode()
        body = b"data: {}\n\nevent: a\ndata: {\n\nevent: b\ndata: []\n\nhello\n\nevent: request.done\ndata: "
        return web.Response(body=body + good + b"\n\n")

    stub.answers[PATH] = babble
    (line,) = ask_stub("watch", "--json").out.splitlines()
    assert json.loads(line)["data"] == DONE


def test_a_daemon_that_goes_is_waited_for_and_said_once(ask_stub: Run, stub: Stub) -> None:
    stub.answers[PATH] = daemon([("request.done", DONE)], [("request.done", DONE | {"id": "later"})])
    ran = ask_stub("watch")
    assert [line.split()[1] for line in ran.out.splitlines()] == ["ID", "abc123", "ID", "later"]
    gone = "the daemon is gone; waiting for it to come back\n"
    assert (ran.code, ran.err) == (1, f"{gone}{gone}pointsman: that is all\n")


def test_where_nobody_is_for_a_while_it_goes_on_looking(ask_stub: Run, stub: Stub) -> None:
    published = stub.state / "daemon.json"
    again = daemon([("request.done", DONE)])

    async def leave(request: web.Request) -> web.StreamResponse:
        """It takes away where it can be found, and is back a little later."""
        stub.answers[PATH] = again
        published.rename(hidden := published.with_suffix(".hidden"))
        asyncio.get_running_loop().call_later(0.3, hidden.rename, published)
        return web.Response(content_type="text/event-stream")

    stub.answers[PATH] = leave
    ran = ask_stub("watch")
    assert "abc123" in ran.out
    assert ran.err.startswith("the daemon is gone; waiting for it to come back\n")


def test_a_connection_that_breaks_is_no_end(ask_stub: Run, stub: Stub) -> None:
    async def drop(request: web.Request) -> web.StreamResponse:
        stub.answers[PATH] = daemon([("request.done", DONE)])
        response = web.StreamResponse()
        await response.prepare(request)
        assert request.transport
        request.transport.abort()
        return response

    stub.answers[PATH] = drop
    assert "abc123" in ask_stub("watch").out


def test_ctrl_c_ends_it_quietly(stub: Stub) -> None:
    async def endless(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse()
        await response.prepare(request)
        await response.write(f"event: request.done\ndata: {json.dumps(DONE)}\n\n".encode())
        await asyncio.Event().wait()
        return response

    stub.answers[PATH] = endless
    with subprocess.Popen(
        [*COMMAND, "watch", "--json", "--state", str(stub.state)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    ) as watching:
        assert watching.stdout is not None
        assert b"abc123" in watching.stdout.readline()
        watching.send_signal(signal.SIGINT)
        out, err = watching.communicate(timeout=10)
    assert (watching.returncode, out, err) == (130, b"", b"")
