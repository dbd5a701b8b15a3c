"""The local API from outside: the only way in for the CLI, the tray and whoever else."""

import json
import socket
import ssl
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Any, NamedTuple

import httpx

from pointsman.cli.address import HOW_TO_START, Address, DaemonAway, away
from pointsman.errors import PointsmanError
from pointsman.version import VERSION

API = "/control/v0"
VERSION_HEADER = "X-Pointsman-Version"  # as in net, which would bring aiohttp with it
CONNECT = 5.0  # seconds
ANSWER = 30.0  # seconds without a byte of a plain answer; a stream's clocks are the daemon's
SILENCE = 45.0  # seconds without a byte of the event stream, which is never silent for more than 15


class DaemonRefused(PointsmanError):
    """The daemon answered, and said no; `http_status` is its status."""

    def __init__(self, message: str, http_status: int) -> None:
        super().__init__(message)
        self.http_status = http_status


class CutShort(PointsmanError):
    """The connection ended in the middle of an answer, or went silent."""


@dataclass(frozen=True, slots=True)
class Stream:
    """An answer that comes line by line; `lines` raises CutShort if the connection breaks."""

    headers: Mapping[str, str]
    lines: Iterator[bytes]


class Event(NamedTuple):
    """What happened: `kind` as the daemon's bus has it (`request.done`), `data` plain JSON."""

    kind: str
    data: dict[str, Any]


class Client:
    """Tries each address in turn, once a call. `warn` is told once if the daemon's version is another.

    `patience`: seconds that a question may take without a byte of its answer.
    """

    def __init__(
        self, addresses: tuple[Address, ...], warn: Callable[[str], None], *, patience: float = ANSWER
    ) -> None:
        self._patience = patience
        self._addresses = addresses
        self._warn: Callable[[str], None] | None = warn

    def get(self, path: str, **query: str | int) -> Any:
        """The JSON at a path of the control API. Raises DaemonAway, DaemonRefused or CutShort."""
        with self._answer(self._patience, "GET", API + path, params=query) as response:
            return _json(_read(response), response.status_code)

    def post(self, path: str, body: object = None, *, patience: float = ANSWER) -> Any:
        with self._answer(patience, "POST", API + path, json={} if body is None else body) as response:
            return _json(_read(response), response.status_code)

    def delete(self, path: str) -> Any:
        with self._answer(ANSWER, "DELETE", API + path) as response:
            return _json(_read(response), response.status_code)

    @contextmanager
    def stream(self, method: str, path: str, body: object = None) -> Iterator[Stream]:
        """`path` is whole, `/v1/...` included. Raises as `get` does."""
        with self._answer(None, method, path, json=body) as response:
            yield Stream(response.headers, _lines(response))

    @contextmanager
    def events(self, *, shows_models: bool = True) -> Iterator[Iterator[Event]]:
        """What happens from now on, until the daemon stops. Raises as `get` does, the events CutShort.

        `shows_models`: whether there is a list of models on screen, which has the daemon look more often.
        """
        query = {"models": "shown" if shows_models else "hidden"}
        with self._answer(SILENCE, "GET", API + "/events", params=query) as response:
            yield _events(_lines(response))

    @contextmanager
    def _answer(
        self, patience: float | None, method: str, path: str, **content: Any
    ) -> Iterator[httpx.Response]:
        failures = []
        for address in self._addresses:
            if address.socket and (trouble := _trouble_with(address.socket)):
                failures.append(f"{address}: {trouble}")
                continue
            with _session(address, patience) as session:
                try:
                    response = _send(session, address, session.build_request(method, path, **content))
                except httpx.ConnectError as error:
                    failures.append(f"{address}: {_reason(error)}")
                    continue
                self._compare(response.headers.get(VERSION_HEADER), address)
                if response.status_code >= 400:
                    raise _refusal(_read(response), response.status_code)
                yield response
                return
        raise away(self._addresses, failures)

    def _compare(self, theirs: str | None, address: Address) -> None:
        if theirs is None:
            raise DaemonAway(f"what answers at {address} is not Pointsman's daemon; {HOW_TO_START}")
        if theirs != VERSION and self._warn:
            self._warn(f"this command is version {VERSION}, the running daemon {theirs}: restart the daemon")
            self._warn = None


def _trouble_with(path: str) -> str:
    """Why nobody can be reached there. Asked first: httpcore 1.0 leaks a socket that can't connect."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as knock:
        knock.settimeout(CONNECT)
        try:
            knock.connect(path)
        except OSError as error:
            return error.strerror or str(error)
    return ""


def _session(address: Address, patience: float | None) -> httpx.Client:
    """Nothing of the environment counts: no proxy, and no certificates, which take long to load."""
    unused = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    return httpx.Client(
        base_url=address.url,
        headers={"X-Pointsman-App": "pointsman"},
        transport=httpx.HTTPTransport(uds=address.socket, verify=unused),
        timeout=httpx.Timeout(patience, connect=CONNECT),
        trust_env=False,
    )


def _send(session: httpx.Client, address: Address, request: httpx.Request) -> httpx.Response:
    """Raises httpx.ConnectError where nobody is, CutShort where somebody is who does not answer."""
    try:
        return session.send(request, stream=True)
    except httpx.ConnectError:
        raise
    except httpx.TimeoutException:
        raise CutShort(f"the daemon at {address} took the request and did not answer in time") from None
    except httpx.TransportError as error:
        raise CutShort(f"the daemon at {address} hung up without an answer ({_reason(error)})") from error


def _read(response: httpx.Response) -> bytes:
    try:
        return response.read()
    except httpx.TransportError as error:
        raise CutShort(f"the daemon's answer was cut short ({_reason(error)})") from error


def _lines(response: httpx.Response) -> Iterator[bytes]:
    """Without their line breaks; only a newline is one."""
    rest = b""
    try:
        for piece in response.iter_raw():
            *lines, rest = (rest + piece).split(b"\n")
            yield from lines
    except httpx.TransportError as error:
        raise CutShort(f"the answer was cut short ({_reason(error)})") from error
    if rest:
        yield rest


def _events(lines: Iterator[bytes]) -> Iterator[Event]:
    """Server-sent events as the daemon writes them, a line of data each. What is none is passed over."""
    kind = ""
    for line in lines:
        name, _, value = line.partition(b": ")
        if name == b"event":
            kind = value.decode(errors="replace")
        elif name == b"data" and kind:
            with suppress(ValueError):
                if isinstance(data := json.loads(value), dict):
                    yield Event(kind, data)
        elif not line:
            kind = ""


def _reason(error: Exception) -> str:
    """httpcore's `[Errno 111] Connection refused` without the number."""
    return str(error).partition("] ")[2] or str(error) or type(error).__name__


def _json(body: bytes, status: int) -> Any:
    try:
        return json.loads(body)
    except ValueError:
        raise DaemonRefused(f"the daemon answered {status} and no JSON: {body[:80]!r}", status) from None


def _refusal(body: bytes, status: int) -> DaemonRefused:
    """The daemon's errors are shaped as OpenAI's are: `{"error": {"message": ...}}`."""
    try:
        message = json.loads(body)["error"]["message"]
    except (ValueError, TypeError, KeyError):
        message = f"the daemon answered {status}: {body[:200].decode(errors='replace')}"
    return DaemonRefused(str(message), status)
