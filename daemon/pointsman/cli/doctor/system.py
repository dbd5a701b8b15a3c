"""What Pointsman runs on: Python, its event loop, how many files it may open."""

import platform
import resource
from collections.abc import Iterator
from importlib.util import find_spec

from pointsman.cli.doctor.case import Case
from pointsman.cli.doctor.finding import Finding, note, ok, warn
from pointsman.net import OPEN_FILES
from pointsman.version import VERSION

TOPIC = "system"


def versions(_: Case) -> Iterator[Finding]:
    implementation = f"{platform.python_implementation()} {platform.python_version()}"
    yield ok(TOPIC, f"Pointsman {VERSION} on {implementation}, {platform.platform()}")
    if find_spec("uvloop") is None:
        yield note(TOPIC, "uvloop is missing: answers take a little longer", "", "pip install uvloop")


def files(_: Case, most: int | None = None) -> Iterator[Finding]:
    """`most`: files that a process may open at the most; None: as the system says."""
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1] if most is None else most
    if hard != resource.RLIM_INFINITY and hard < min(OPEN_FILES):
        what = f"a process may open {hard:,} files, which is enough for {hard // 2:,} answers at once"
        yield warn(TOPIC, what, f"a stream takes two; {min(OPEN_FILES):,} are plenty", "raise `ulimit -Hn`")
