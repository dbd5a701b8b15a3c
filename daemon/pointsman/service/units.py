"""The files that service managers read, rendered from their templates, and the command read back from them.

systemd.syntax(7), systemd.service(5) "Command lines", systemd.unit(5) "Specifiers"; launchd.plist(5).
"""

import plistlib
import re
import shlex
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

from pointsman.errors import StartError

NAME = "pointsman"
SERVICE_UNIT = f"{NAME}.service"
SOCKET_UNIT = f"{NAME}.socket"
LABEL = "dev.pointsman.agent"
AGENT = f"{LABEL}.plist"
OWNER_ALONE = 0o600  # a socket's mode
RUNTIME = "%t"  # the folder that systemd names XDG_RUNTIME_DIR

_PLACE = re.compile("@([A-Z_]+)@")
_ESCAPED = re.compile(r'[\\"]')
_UNESCAPED = re.compile(r"\\x([0-9a-f]{2})|\\(.)")
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")
# systemd takes no program whose path holds a quote or a backslash, however it is escaped; a shell does.
_UNFIT = re.compile(r"[\\\"'\x00-\x1f\x7f]")
BY_SHELL = ("/bin/sh", "-c", 'exec "$@"', "sh")
_WORD = re.compile(r'"((?:[^"\\]|\\.)*)"')


@dataclass(frozen=True, slots=True)
class Plan:
    """What is to run, and where the manager listens for it."""

    command: tuple[str, ...]  # absolute, and `serve` with its flags
    unix: Path | None  # None: the daemon opens its own, or none
    tcp: tuple[str, int] | None  # an address and a port; None: the daemon opens its own
    log: Path  # where launchd's agent writes, as systemd has a journal
    in_runtime: bool = False  # `unix` is in the runtime folder, which a login may name anew
    kill: str | None = "/bin/kill"  # None: there is none
    environment: tuple[tuple[str, str], ...] = ()  # beyond what the manager gives to all


def service_unit(template: bytes, plan: Plan) -> bytes:
    """Raises StartError for a path that is no text."""
    listens = plan.unix is not None or plan.tcp is not None
    return _filled(
        template,
        {
            "COMMAND": command_line(plan.command),
            "KILL": quoted(plan.kill) if plan.kill else None,
            "SOCKET_UNIT": SOCKET_UNIT if listens else None,
            "ENVIRONMENT": " ".join(quoted(f"{name}={value}") for name, value in plan.environment) or None,
        },
    )


def socket_unit(template: bytes, plan: Plan) -> bytes | None:
    """None where systemd has nothing to listen on. Raises StartError for a path that no unit can name."""
    if plan.unix is None and plan.tcp is None:
        return None
    return _filled(template, {"UNIX": _unix_address(plan), "TCP": plan.tcp and _tcp_address(*plan.tcp)})


def agent(template: bytes, plan: Plan) -> bytes:
    """Values are put into the template's property list, and never into its text. Raises StartError."""
    sockets: dict[str, dict[str, object]] = {}
    if plan.tcp:
        host, port = plan.tcp
        sockets["tcp"] = {"SockNodeName": host, "SockServiceName": str(port), "SockType": "stream"}
    if plan.unix:
        sockets["unix"] = {"SockPathName": str(plan.unix), "SockPathMode": OWNER_ALONE}
    values = {"ProgramArguments": [*plan.command, "--log", str(plan.log)], "Sockets": sockets}
    document = {**plistlib.loads(template), **values}
    if not sockets:
        del document["Sockets"]
    if plan.environment:
        document["EnvironmentVariables"] = dict(plan.environment)
    try:
        return plistlib.dumps(document, sort_keys=False)
    except ValueError as error:  # control characters, and what is no text
        raise StartError(f"no property list can name {' '.join(plan.command)!r}: {error}") from None


def command_line(command: tuple[str, ...]) -> str:
    """For an ExecStart= that begins with `:`, where a $ stands for itself."""
    words = (*BY_SHELL, *command) if _UNFIT.search(command[0]) else command
    return " ".join(map(quoted, words))


def quoted(word: str) -> str:
    """One word whatever is in it: quotes, backslashes and % stand for themselves."""
    text = _ESCAPED.sub(r"\\\g<0>", word).replace("%", "%%")
    return '"' + _CONTROL.sub(lambda found: f"\\x{ord(found[0]):02x}", text) + '"'


def command_of_unit(text: bytes) -> tuple[str, ...]:
    """What a unit of ours starts; empty where that can't be read."""
    found = re.search(r"^ExecStart=:?(.*)$", text.decode("utf-8", "replace"), re.MULTILINE)
    words = tuple(map(_unquoted, _WORD.findall(found[1]))) if found else ()
    return words[len(BY_SHELL) :] if words[: len(BY_SHELL)] == BY_SHELL else words


def flags_of(command: tuple[str, ...]) -> Mapping[str, str]:
    """`--state` and its like, with what follows each."""
    return dict(pair for pair in pairwise(command) if pair[0].startswith("--"))


def environment_of(text: str) -> Iterator[tuple[str, str]]:
    """NAME=value, one a line, as `systemctl show-environment` quotes them for a shell."""
    for line in text.splitlines():
        name, equals, value = line.partition("=")
        if equals:
            yield name, _shell_word(value)


def _shell_word(text: str) -> str:
    if text.startswith("$'") and text.endswith("'"):  # C's escapes, of which these alone are common
        return _UNESCAPED.sub(_meant, text[2:-1])
    try:
        return "".join(shlex.split(text))
    except ValueError:
        return text


def _filled(template: bytes, values: Mapping[str, str | None]) -> bytes:
    """A line whose place has no value is left out; a comment stands as it is."""
    lines = (_line(line, values) for line in template.decode().splitlines())
    text = "".join(f"{line}\n" for line in lines if line is not None)
    try:
        return text.encode()
    except UnicodeEncodeError as error:
        raise StartError(
            f"no unit can name what is no text: {error.object[error.start - 40 : error.end]!r}"
        ) from None


def _line(line: str, values: Mapping[str, str | None]) -> str | None:
    place = None if line.startswith("#") else _PLACE.search(line)
    if place is None:
        return line
    value = values[place[1]]
    return None if value is None else line[: place.start()] + value + line[place.end() :]


def _unix_address(plan: Plan) -> str | None:
    """systemd takes all of the line as it is, but for % and its ends."""
    if plan.unix is None:
        return None
    path = str(plan.unix)
    if _CONTROL.search(path) or path != path.strip() or path.endswith("\\"):
        raise StartError(f"systemd can't listen on {path!r}: choose another socket with --socket")
    return f"{RUNTIME}/{NAME}/{plan.unix.name}" if plan.in_runtime else path.replace("%", "%%")


def _tcp_address(host: str, port: int) -> str:
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


def _unquoted(word: str) -> str:
    return _UNESCAPED.sub(_meant, word).replace("%%", "%")


def _meant(found: re.Match[str]) -> str:
    return chr(int(found[1], 16)) if found[1] else {"n": "\n", "t": "\t"}.get(found[2], found[2])
