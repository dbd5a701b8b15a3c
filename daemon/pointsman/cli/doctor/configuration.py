"""The configuration, and what commands have set over it."""

from collections.abc import Iterator

from pointsman.cli.doctor.case import Case
from pointsman.cli.doctor.finding import Finding, fail, ok, warn

TOPIC = "configuration"


def configuration(case: Case) -> Iterator[Finding]:
    settled = case.settled
    if settled.trouble:
        yield fail(
            TOPIC,
            "it does not hold, so that no daemon starts, and the rest here goes by the defaults",
            settled.trouble,
            "mend that, then: pointsman config check",
        )
        return
    file = settled.loaded.file
    yield ok(TOPIC, f"{file} holds" if file else f"there is no {case.paths.config_file}: the defaults hold")
    for warning in settled.loaded.warnings:
        what, _, command = warning.rpartition(": ")
        yield warn(TOPIC, what, "", command)
