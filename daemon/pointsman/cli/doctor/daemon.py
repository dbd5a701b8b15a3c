"""The daemon, if one runs: what it says of itself."""

import shlex
from collections.abc import Iterator

from pointsman.cli.doctor.case import START, Case, is_there
from pointsman.cli.doctor.finding import Finding, fail, note, ok, warn
from pointsman.cli.show import count, duration
from pointsman.server.control.shapes import StatusShape

TOPIC = "daemon"
RESTART = "pointsman service restart, or stop it and start it again: pointsman serve"


def daemon(case: Case) -> Iterator[Finding]:
    running = case.running
    for sentence in running.said:
        yield warn(TOPIC, "it is of another version", sentence, RESTART)
    if running.status:
        yield _runs(running.status)
        yield from _other_file(running.status["config_file"], case)
        yield from _troubles(running.status)
    elif not running.away:
        yield fail(TOPIC, "it does not answer as it should", running.trouble, _end(running.pid))
    elif is_there(case.paths.published):
        what = f"it ended without taking {case.paths.published} with it, or is only starting"
        yield warn(TOPIC, what, running.trouble, START)
    else:
        yield note(TOPIC, "it is not running", "", START)


def _end(pid: int | None) -> str:
    """It may be past hearing anything but SIGKILL. A number of long ago may be another's by now."""
    stop = f"ps {pid} shows it, kill -9 {pid} ends it" if pid else "stop it"
    return f"pointsman service restart where it is a service; else {stop}; then: {START}"


def _runs(status: StatusShape) -> Finding:
    process = f"process {status['pid']}, version {status['version']}, up {duration(status['uptime'])}"
    return ok(TOPIC, f"it runs at {status['url']}", process)


def _other_file(theirs: str | None, case: Case) -> Iterator[Finding]:
    """What is said of keys and engines here is then not about this daemon."""
    ours = case.settled.loaded.file
    if not case.settled.trouble and theirs != (str(ours) if ours else None):
        what = f"it goes by {theirs or 'no configuration'}, and this look by {ours or 'none'}"
        yield note(TOPIC, what, "", f"pointsman doctor --config {shlex.quote(theirs)}" if theirs else RESTART)


def _troubles(status: StatusShape) -> Iterator[Finding]:
    """Of the ledger, which the daemon alone writes, its own word is told by the check of the ledger."""
    for job in status["failed_jobs"]:
        if job["error"]:
            failures = count(job["failures"], "failure")
            yield warn(TOPIC, f"job {job['name']}: {failures}", job["error"], "pointsman status")
    if (mode := status["mode"]["mode"]) != "normal":
        yield note(TOPIC, f"the mode is {mode}", "", "pointsman mode normal ends it")
