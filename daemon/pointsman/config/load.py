"""The door to the configuration: the file, what wins over it, and all that is wrong with them at once."""

import shlex
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

from pydantic import ValidationError

from pointsman.config.keys import is_reference
from pointsman.config.legacy import is_json, read_older
from pointsman.config.lines import KeyPath, dotted, key_lines, line_of
from pointsman.config.override import NOTHING, Origin, Overrides, key_of, overridden
from pointsman.config.problems import Problem, problems_of, same_names, unknown_profiles
from pointsman.config.schema import Config
from pointsman.config.source import Document, Source, read_source
from pointsman.errors import ConfigError

READABLE_BY_OTHERS = 0o077  # permission bits
NO_DOCUMENT = Document(MappingProxyType({}), MappingProxyType({}))


@dataclass(frozen=True, slots=True)
class Loaded:
    """A configuration, and where it comes from."""

    config: Config
    file: Path | None  # None: none was read
    origins: Mapping[str, Origin]  # of what won over the file, by its key there
    warnings: tuple[str, ...]  # for people, each with the file in front


def load(path: Path | None, *, explicit: bool = False, overrides: Overrides = NOTHING) -> Loaded:
    """Reads and checks. The defaults hold without a path, and where no file is unless it is `explicit`.

    Raises ConfigError as `check` does.
    """
    return check(read_source(path, explicit=explicit) if path else None, overrides)


def check(source: Source | None, overrides: Overrides) -> Loaded:
    """What a file that was read comes to. Raises ConfigError, one line for each thing that is wrong."""
    document = read_document(source) if source else NO_DOCUMENT
    try:
        config = Config.model_validate(overridden(document.tables, overrides))
    except ValidationError as error:
        # Not chained: the library's error holds what stands in the file, keys too.
        problems = problems_of(error)
    else:
        problems = [*unknown_profiles(config), *same_names(config, overrides)]
    if problems:
        raise _error(problems, str(source.path) if source else "", document, overrides)
    origins = MappingProxyType({key: origin for key, (_, origin) in overrides.items()})
    warnings = tuple(_warnings(config, source, document)) if source else ()
    return Loaded(config, source.path if source else None, origins, warnings)


def read_document(source: Source) -> Document:
    """TOML, or the older JSON. Raises ConfigError."""
    return read_older(source) if is_json(source) else Document(source.tables(), key_lines(source.text))


def _error(problems: Sequence[Problem], file: str, document: Document, overrides: Overrides) -> ConfigError:
    """One error with a line for each problem: the file's in its own order, then those of what won over it."""
    keyed = [(_said_by(problem.path, document, overrides), problem) for problem in problems]
    written = [(line_of(one.path, document.lines), one.message) for key, one in keyed if not key]
    written.sort(key=lambda placed: placed[0] or 0)
    said = [(key, one.message) for key, one in keyed if key]
    shown = [str(ConfigError(message, file, line)) for line, message in written]
    shown += [_told(key, message, overrides[key][1]) for key, message in said]
    if not written:
        return ConfigError("\n".join(shown), reason="\n".join(message for _, message in said))
    line, message = written[0]  # the error itself puts its place in front of the first
    return ConfigError("\n".join([message, *shown[1:]]), file, line)


def _said_by(path: KeyPath, document: Document, overrides: Overrides) -> str:
    """The key of what won over the file and is wrong; empty: the file itself is."""
    key = key_of(path)
    if key in overrides or path in document.lines:
        return key if key in overrides else ""
    # A section that nobody knows is told of by its own name, and set by a key in it.
    return next((one for one in overrides if one.startswith(f"{key}.")), "")


def _told(key: str, message: str, origin: Origin) -> str:
    """Who says what is wrong, and how that is taken back."""
    undo = f"; `pointsman config undo {shlex.quote(key)}` takes it back" if origin is Origin.COMMAND else ""
    return f"{origin.words}: {message}{undo}"


def _warnings(config: Config, source: Source, document: Document) -> Iterator[str]:
    if document.unused:
        listed = ", ".join(map(dotted, document.unused))
        yield f"{source.path}: an older configuration; what has no meaning here is not used: {listed}"
    holds_a_key = any(one.api_key and not is_reference(one.api_key) for one in config.providers.values())
    if holds_a_key and source.mode and source.mode & READABLE_BY_OTHERS:
        fix = f"chmod 600 {shlex.quote(str(source.path))}"
        yield f"{source.path}: holds a key and can be read by others (mode {source.mode:04o}): {fix}"
