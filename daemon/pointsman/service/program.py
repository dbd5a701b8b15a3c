"""How this program was installed: what a service manager is to start, and what would remove it."""

import json
import re
import shlex
import sys
from dataclasses import dataclass
from importlib.metadata import Distribution, distribution
from pathlib import Path
from urllib.parse import unquote, urlsplit

MODULE = "pointsman.cli.main"
# What each installer leaves at the top of an environment that it made for this one program.
OWN_ENVIRONMENTS = (
    ("pipx_metadata.json", "pipx uninstall pointsman"),
    ("uv-receipt.toml", "uv tool uninstall pointsman"),
)
# Where the path of an environment holds one of these, what pip makes as a script names no program: it puts
# the path between quotes of a shell, and does not escape it.
_UNQUOTED = re.compile(r'["$`\\]')


@dataclass(frozen=True, slots=True)
class Program:
    command: tuple[str, ...]  # absolute
    checkout: str | None  # the folder that it runs from, where it was not copied into an environment
    removal: str  # a line for a shell


def find_program(
    executable: str = sys.executable,
    prefix: str = sys.prefix,
    installed: Distribution | None = None,
) -> Program:
    """`installed`: the package's metadata, which are looked up where none are given."""
    script = Path(executable).with_name("pointsman")
    works = script.exists() and not _UNQUOTED.search(str(script))
    command = (str(script),) if works else (executable, "-m", MODULE)
    checkout = _checkout(installed or distribution("pointsman"))
    return Program(command, checkout, _removal(executable, Path(prefix)))


def _checkout(installed: Distribution) -> str | None:
    """As the standard for direct_url.json has it: an editable installation names its folder."""
    told = json.loads(installed.read_text("direct_url.json") or "{}")
    editable = told.get("dir_info", {}).get("editable", False)
    return unquote(urlsplit(told["url"]).path) if editable else None


def _removal(executable: str, prefix: Path) -> str:
    own = (line for name, line in OWN_ENVIRONMENTS if (prefix / name).exists())
    return next(own, f"{shlex.quote(executable)} -m pip uninstall pointsman")
