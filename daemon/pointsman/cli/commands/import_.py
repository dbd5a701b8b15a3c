"""Write the configuration from an older one: a JSON file with `agents.defaults` and `providers`."""

import os
import tempfile
from argparse import ArgumentParser, Namespace
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from pydantic import SecretStr

from pointsman.cli import arguments as shared
from pointsman.cli.shell import Shell
from pointsman.config.effective import show
from pointsman.config.keys import is_reference
from pointsman.config.legacy import is_json, read_older
from pointsman.config.lines import KeyPath, dotted
from pointsman.config.load import load
from pointsman.config.source import Source, read_source
from pointsman.errors import ConfigError, PointsmanError
from pointsman.paths import absolute, find_paths

WAYS_ON = "--print shows what would be in it, --to writes another file"


def arguments(parser: ArgumentParser) -> None:
    parser.add_argument("file", type=shared.path, metavar="FILE", help="the older configuration")
    parser.add_argument(
        "--to",
        type=shared.path,
        metavar="CONFIG",
        help="write it there, where no file may be (default: the configuration file; POINTSMAN_CONFIG)",
    )
    parser.add_argument("--print", action="store_true", help="print it, without keys, and write nothing")


def run(args: Namespace, shell: Shell) -> int:
    """What can't be in force is refused before anything is written. Raises ConfigError, PointsmanError."""
    source = _source(absolute(args.file))
    tables = read_older(source).tables
    for warning in load(source.path, explicit=True).warnings:
        shell.screen.note(f"pointsman: {warning}")
    if not tables:
        raise ConfigError("nothing is set in it", str(source.path))
    if args.print:
        shell.screen.piece(_toml(tables, keys=False))
        return 0
    target = find_paths(shell.environ, config=args.to).config_file
    _write_new(target, _toml(tables, keys=True))
    load(target, explicit=True)
    shell.screen.note(f"{target} is written, and only you can read it; {source.path} is as it was")
    return 0


def _source(path: Path) -> Source:
    source = read_source(path, explicit=True)
    if source is None or not is_json(source):
        raise ConfigError("is no JSON, as older configurations are: there is nothing to convert", str(path))
    return source


def _toml(tables: Mapping[str, Any], *, keys: bool) -> str:
    """`keys`: those that stand in it, and not only where a key is."""
    sections: dict[KeyPath, Mapping[str, str]] = {("roles",): tables.get("roles", {})}
    sections |= {("providers", name): fields for name, fields in tables.get("providers", {}).items()}
    blocks = (_block(path, fields, keys=keys) for path, fields in sections.items() if fields)
    return "\n".join(map("".join, blocks))


def _block(path: KeyPath, fields: Mapping[str, str], *, keys: bool) -> Iterator[str]:
    yield f"[{dotted(path)}]\n"
    for name, value in fields.items():
        hidden = not keys and name == "api_key" and not is_reference(SecretStr(value))
        yield "# api_key is not shown\n" if hidden else f"{name} = {show(value)}\n"


def _write_new(target: Path, text: str) -> None:
    """All of it or nothing, and over nothing that is there: a link, unlike a rename, replaces no file."""
    try:
        target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile("w", encoding="utf-8", dir=target.parent) as draft:
            draft.write(text)
            draft.flush()
            os.fsync(draft.fileno())
            os.link(draft.name, target)
    except OSError as error:
        there = f"{target} is there already, and stays as it is: {WAYS_ON}"
        failed = f"{target} can't be written: {error.strerror}"
        raise PointsmanError(there if os.path.lexists(target) else failed) from error
