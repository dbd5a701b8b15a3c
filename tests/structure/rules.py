"""The house rules that a syntax tree can show, one row each.

A row carries a sample that breaks the rule and one that keeps it, so that no rule can be written
that never fails.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from tests.structure import findings
from tests.structure.repository import Source


@dataclass(frozen=True, slots=True)
class Rule:
    """`find` yields the lines that break the rule; of the sample `bad` those are `bad_lines`."""

    name: str
    remedy: str
    find: Callable[[Source], Iterator[int]]
    folders: tuple[str, ...]
    bad: str
    bad_lines: tuple[int, ...]
    good: str
    exempt: tuple[str, ...] = ()  # folders it does not bind
    sample: str = "sample.py"  # what the samples' file is called

    def binds(self, source: Source) -> bool:
        inside = source.path.startswith(tuple(f"{folder}/" for folder in self.folders))
        return inside and not source.path.startswith(self.exempt)

    def complaints(self, source: Source) -> list[str]:
        return [f"{source.path}:{line}: {self.name}. {self.remedy}" for line in self.find(source)]


PACKAGES = ("daemon", "tray")
EVERYWHERE = (*PACKAGES, "tests")

RULES = (
    Rule(
        name=f"a file has at most {findings.LONGEST_FILE} lines",
        remedy="It holds more than one idea: give the second a file of its own.",
        find=findings.lines_over_the_limit,
        folders=EVERYWHERE,
        bad="x = 1\n" * (findings.LONGEST_FILE + 1),
        bad_lines=(findings.LONGEST_FILE + 1,),
        good="x = 1\n" * findings.LONGEST_FILE,
    ),
    Rule(
        name="an __init__.py holds a docstring and nothing else",
        remedy="Say in it why the room exists; move the code into a named module and import it from there.",
        find=findings.more_than_a_docstring,
        folders=PACKAGES,
        bad="import os\nfrom pointsman.types import Tier\n",
        bad_lines=(1, 2),
        good='"""A room."""\n',
        sample="__init__.py",
    ),
    Rule(
        name="no mutable state at module level",
        remedy="A constant is a tuple, a frozenset or a MappingProxyType; what changes belongs to an object "
        "that build.py makes.",
        find=findings.mutable_state,
        folders=PACKAGES,
        bad="""\
SEEN = {}
CODES: list[int] = [1]
ROWS = ({"a": 1},)
QUEUE = collections.deque()
NESTED = MappingProxyType({"a": [1]})
""",
        bad_lines=(1, 2, 3, 4, 5),
        good="""\
CODES = (1, 2)
NAMES = frozenset({"a"})
TABLE = MappingProxyType({"a": (1,)})
BY_ID = MappingProxyType({row.id: row for row in ROWS})
""",
    ),
    Rule(
        name="no `global`",
        remedy="Pass the value in, or keep it on the object that changes it.",
        find=findings.global_statements,
        folders=EVERYWHERE,
        bad="def f():\n    global x\n    x = 1\n",
        bad_lines=(2,),
        good="def f(x):\n    return x + 1\n",
    ),
    Rule(
        name="no branch on a provider's name",
        remedy="Put what differs into the provider's row (catalogue/row.py) and read it from there.",
        find=findings.branches_on_a_provider,
        folders=PACKAGES,
        bad="""\
is_ollama = provider.id == "ollama"
is_fast = endpoint.provider in ("groq", "cerebras")
match provider_id:
    case "groq": pass
""",
        bad_lines=(1, 2, 3),
        good="""\
row = next(row for row in PROVIDERS if row.id == wanted)
same = this.provider == other.provider
needs_a_key = provider.auth is not Auth.NONE
""",
    ),
    Rule(
        name="no import of our own hidden in a function",
        remedy="It hides a circle or a cost. Import at the top; if that makes a circle, move what both sides "
        "need into a lower room. The CLI alone imports a command when it is chosen, the tray what it draws "
        "with when that is there.",
        find=findings.hidden_imports,
        folders=PACKAGES,
        exempt=("daemon/pointsman/cli/", "tray/pointsman_tray/__main__.py", "tray/pointsman_tray/desktop.py"),
        bad="def f():\n    from pointsman.types import Tier\n    return Tier.LOCAL\n",
        bad_lines=(2,),
        good="from pointsman.types import Tier\n\ndef f():\n    import json\n",
    ),
    Rule(
        name="no time.sleep in a test",
        remedy="Wait for the thing itself (an asyncio.Event, a process's exit, a line of output) or hand in "
        "a clock.",
        find=findings.sleeps,
        folders=("tests",),
        exempt=("tests/bench/",),  # what a daemon costs when idle takes idle time to measure
        bad="import time\ntime.sleep(0.1)\nfrom time import sleep\n",
        bad_lines=(2, 3),
        good="import time\ntime.monotonic()\nawait asyncio.sleep(0)\n",
    ),
    Rule(
        name="nothing of our own is patched or mocked",
        remedy="Hand in a fake that really does the work (tests/fakes), a clock, an environment, a folder.",
        find=findings.patches,
        folders=("tests",),
        bad="""\
from unittest import mock
import unittest.mock
from pointsman import net
monkeypatch.setattr(net, "USER_AGENT", "")
monkeypatch.setattr("pointsman.net.USER_AGENT", "")
""",
        bad_lines=(1, 2, 4, 5),
        good="""\
import sys
from pointsman import net
monkeypatch.setattr(sys, "stdin", text)
monkeypatch.setenv("NO_COLOR", "1")
""",
    ),
)
