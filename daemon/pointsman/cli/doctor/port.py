"""The TCP port: ours, free, or another program's."""

from collections.abc import Callable, Iterator
from contextlib import closing
from urllib.parse import urlsplit

from pointsman.cli.doctor.case import Case
from pointsman.cli.doctor.finding import Finding, fail, note, ok
from pointsman.discovery.process_table import listener
from pointsman.errors import StartError
from pointsman.server.listen import DEFAULT_PORT, bind_tcp

TOPIC = "port"
MANAGERS = frozenset({"systemd", "launchd"})  # they listen for a daemon that is not started yet


def port(case: Case, who: Callable[[int], tuple[int, str] | None] = listener) -> Iterator[Finding]:
    """`who` tells the process that listens on a port: its number and name; None: it is not to be seen."""
    server, wanted = case.config.server, case.config.server.port
    if case.running.status:
        yield _ours(case.running.status["url"], wanted)
        return
    holder = who(wanted or DEFAULT_PORT) if wanted != 0 else None
    if holder and holder[0] == case.running.pid:
        yield note(TOPIC, f"the daemon that does not answer has port {wanted or DEFAULT_PORT}")
        return
    if holder and holder[1] in MANAGERS:
        yield ok(TOPIC, f"{holder[1]} listens on port {wanted or DEFAULT_PORT}, and starts the daemon")
        return
    try:
        with closing(bind_tcp(server.host, wanted)) as sock:
            free = sock.getsockname()[1]
    except StartError as error:
        named = f" (it is process {holder[0]}, {holder[1]})" if holder else ""
        what = f"no daemon can listen on port {wanted or DEFAULT_PORT}"
        yield fail(TOPIC, what, f"{error}{named}", "pointsman serve --port 0 takes any that is free")
        return
    yield _free_or_next(free, wanted, holder)


def _ours(url: str, wanted: int | None) -> Finding:
    if wanted and urlsplit(url).port != wanted:
        why = f"the configuration says {wanted}"
        return note(TOPIC, f"the daemon listens at {url}", why, "start it again to have that port")
    return ok(TOPIC, f"the daemon listens at {url}")


def _free_or_next(free: int, wanted: int | None, holder: tuple[int, str] | None) -> Finding:
    if wanted is None and free != DEFAULT_PORT:
        named = f"process {holder[0]} ({holder[1]})" if holder else "another program"
        return note(
            TOPIC,
            f"port {DEFAULT_PORT} is taken by {named}: a daemon would listen on {free}",
            "",
            f"for tools that expect {DEFAULT_PORT}, free it; all others ask `pointsman status`",
        )
    return ok(TOPIC, "any free port will do" if wanted == 0 else f"port {free} is free")
