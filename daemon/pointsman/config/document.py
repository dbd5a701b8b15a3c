"""The page docs/configuration.md, written from the schema.

To renew it: python -m pointsman.config.document > docs/configuration.md
"""

import sys
from collections.abc import Iterator

from pydantic import TypeAdapter

from pointsman.config.effective import show
from pointsman.config.known import KNOWN, NAME, Known, row_at
from pointsman.config.lines import KeyPath
from pointsman.config.override import VARIABLES

INTRODUCTION = """\
# Configuration

<!-- Written from the schema by `python -m pointsman.config.document`; a test checks that it is current. -->

No file is needed. One serves to name keys, aliases, places that are not found, and what may be spent.

The file is TOML, at `~/.config/pointsman/config.toml` (on macOS
`~/Library/Application Support/pointsman/config.toml`), or where `--config` or `POINTSMAN_CONFIG` says.
`pointsman config path` prints where it is looked for, `pointsman config check` what is wrong with it, and
`pointsman config show` every value in force with its origin: default, file, command (what
`pointsman mode` and its like have set, kept in the state folder), environment or command line.

Money is in US dollars, prices are in US dollars per million tokens, times are in seconds. A key that is not
listed here is refused, with its line and the nearest name, and so is a value of another type than the one
listed: nothing is converted on a guess. `NAME` stands for a name of your own; one with other characters than
letters, digits, `-` and `_` is put in quotes, as in `[prices."mine/big"]`.
"""

CHANGES = """\
## Changing it

A change of the file holds within seconds; `pointsman config reload`, or a SIGHUP, reads it at once. All of it
holds or, where something is wrong with it, none: what was read before stays in force, and the log,
`pointsman status` and `config reload` say what is wrong in which line. Answers under way go on as they began;
what was spent, what is limited and what is left alone stays so, but for a provider whose address is another.
Where the daemon listens (`[server]`) is settled at its start: `status` says when a restart is needed.
A key's own file (`file:PATH`) is read again with it, but not looked at for itself.
A file that is gone is no reason to forget its budgets: that is said, too. What is longer than a megabyte,
or a pipe, is not read.
"""

KEYS = """\
## Keys

`api_key` holds a key, or better says where it is: `env:NAME` (an environment variable of the daemon),
`file:PATH` (a file with nothing else in it; `~/` is the home folder), or `keyring:NAME` (the entry NAME of
the service `pointsman` in the system's keyring; needs `pip install 'pointsman[keyring]'`). A file that
holds a key should be yours alone: `chmod 600`. No command and no message shows a key.
"""

SETTINGS = """\
## What commands have set

`pointsman mode`, `profile`, `alias`, `role`, `task`, `budget` and `urls` win over the file and outlast a
restart; each takes back what it has set. If that fits the file no more, as when `[profiles.mine]` is taken
out while `mine` is the active profile, the start refuses, and `pointsman config undo profiles.active` takes
it back without a daemon.
"""

OLDER = """\
## An older configuration

A JSON file of another program is read as it is, wherever a configuration is named
(`pointsman serve --config old.json`), as far as it means something here:

| in the JSON | here |
|---|---|
| `agents.defaults.model` | `[roles] main` |
| `agents.defaults.subagentModel` | `[roles] subagent` |
| `agents.defaults.delegationModel` | `[roles] delegation` |
| `providers.NAME.apiKey` | `[providers.NAME] api_key`; `"${VARIABLE}"` becomes `env:VARIABLE` |
| `providers.NAME.apiBase` | `[providers.NAME] api_base` |

An empty text and `null` mean that nothing is set. All else is for the other program: one warning names it.
`pointsman import old.json` writes the same as TOML, keys included, into a file that only you can read, if
there is none yet; `--print` shows it without keys, `--to FILE` writes elsewhere.
"""

LOCAL_EXAMPLE = """\
[providers.desk]
api_base = "http://192.168.1.20:8080/v1"
tier = "local"

[models]
"claude-*" = "auto"
main = "desk/qwen3-30b"

[fallback]
main = ["local", "free"]
"""

PAID_EXAMPLE = """\
[providers.mine]
api_base = "https://llm.example.com/v1"
api_key = "env:MINE_KEY"

[prices."mine/big"]
input = 3.00
output = 15.00

[budgets.daily]
window = "day"
limit = 1.00
"""


def render() -> str:
    """The whole page, with a line end at its end."""
    return "\n".join(
        [INTRODUCTION, *_examples(), CHANGES, KEYS, SETTINGS, OLDER, *_variables(), *_sections()]
    )


def _examples() -> Iterator[str]:
    yield "## Two examples\n"
    yield "An engine on another machine, two aliases, and who answers when the engine doesn't:\n"
    yield f"```toml\n{LOCAL_EXAMPLE}```\n"
    yield "A paid provider with its prices and a limit:\n"
    yield f"```toml\n{PAID_EXAMPLE}```\n"


def _variables() -> Iterator[str]:
    yield "## Environment\n\nA flag of `pointsman serve` wins over a variable, a variable over the file.\n"
    yield "| variable | in place of |\n|---|---|"
    yield from (f"| `{variable}` | `{key}` |" for key, variable in VARIABLES.items())
    yield ""


def _sections() -> Iterator[str]:
    """A heading and a list of keys for each table that holds values."""
    for table in dict.fromkeys(row.path[:-1] for row in KNOWN):
        if values := [row for row in KNOWN if row.is_value and row.path[:-1] == table]:
            yield f"## `[{'.'.join(table)}]`\n"
            yield from (f"{paragraph}\n" for paragraph in _about(table))
            yield "| key | must be | default | meaning |\n|---|---|---|---|"
            yield from map(_line, values)
            yield ""


def _about(table: KeyPath) -> Iterator[str]:
    named = row_at(table[:-1]) if table[-1] == NAME else row_at(table)
    about = row_at(table) or named
    yield (about.field.description or "") if about else ""
    if named and named.names:
        yield f"NAME must be {named.names}."


def _line(row: Known) -> str:
    key, meaning = row.path[-1], row.field.description or ""
    if key == NAME:  # its meaning is the table's
        return f"| NAME | {row.says} | | |"
    return f"| `{key}` | {row.says} | {_default(row)} | {meaning} |"


def _default(row: Known) -> str:
    if row.field.is_required():
        return "must be given"
    if row.unset:
        return row.unset
    default = row.field.get_default(call_default_factory=True)
    return f"`{show(TypeAdapter(row.field.rebuild_annotation()).dump_python(default))}`"


if __name__ == "__main__":
    sys.stdout.write(render())
