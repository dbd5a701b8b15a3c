"""Writes `docs/cli.md` from the commands themselves: `python -m pointsman.cli.document > docs/cli.md`."""

import inspect
from argparse import Action, ArgumentParser, _HelpAction
from types import ModuleType
from typing import is_typeddict

from pointsman.cli.commands import ask, config, service, watch
from pointsman.cli.doctor import finding
from pointsman.cli.main import COMMANDS, Command, fill
from pointsman.ledger import views
from pointsman.server.control import choice_shapes, config_shapes, judged, shapes

HEAD = """\
# Command line

<!-- Written by `python -m pointsman.cli.document`; a test keeps it current. -->

`pointsman COMMAND --help` says the same on the terminal. Tables are for people: aligned, nothing cut,
coloured only on a terminal and never where `NO_COLOR` is set. `--json` prints the [shapes](#json) below.

| exit code | meaning |
|---|---|
| 0 | done |
| 1 | refused or failed; one line on standard error says why |
| 2 | wrong usage |
| 3 | the daemon is not running; the line says how to start it. Of `service status`: the service is not |
| 130, 141 | interrupted; the reader of a pipe went away |

| variable | meaning |
|---|---|
| `POINTSMAN_CONFIG` | the configuration file |
| `POINTSMAN_STATE` | the state folder: ledger, and where the daemon listens (`daemon.json`) |
| `POINTSMAN_SOCKET` | the Unix socket that `serve` listens on, and where the others look first |
| `POINTSMAN_HOST`, `POINTSMAN_PORT` | where `serve` listens on TCP |

A flag wins over a variable, a variable over the configuration file.
"""

JSON = """\
## JSON

`status`, `models`, `discover` and `spend` print what `/control/v0/` answers at their names, `budget` what
`budgets` answers, `profile`, `alias`, `task` and `role` what `profile`, `aliases`, `tasks` and `roles`
answer, `profile --preset` what `setup/preset` answers; `route` prints the `DecisionView` of `explain`, `log`
the `RequestsShape` of `decisions`, `why` the `RequestShape` of `decisions/{id}`. `ask` prints an
`AnswerShape`, `doctor` a `DoctorShape`, `config path` and `config check` a `FileShape`, `config show` a list
of `SettingShape`, `config reload` a `ReloadShape`, `service status` a `ServiceShape`, `watch` a
`HappeningShape` on each line.
Times are wall-clock seconds since the epoch (`at`) or spans in seconds; prices are USD per million tokens as
decimal strings; costs are integer nano-dollars; `null` is *unknown* where nothing else is said.
"""


def render() -> str:
    sections = [_section(command) for command in COMMANDS]
    shown = (ask, finding, config, service, watch, views, shapes, choice_shapes, config_shapes, judged)
    return "\n".join([HEAD, *sections, JSON, *map(_shapes, shown)])


def _section(command: Command) -> str:
    parser = ArgumentParser()
    fill(parser, command)
    actions = [action for action in parser._actions if not isinstance(action, _HelpAction)]  # noqa: SLF001
    usage = " ".join(["pointsman", command.name, *filter(None, map(_usage, actions))])
    rows = ["| argument | meaning |", "|---|---|", *map(_row, actions)]
    return "\n".join([f"## {command.name}\n", f"{parser.description}\n", f"    {usage}\n", *rows, ""])


def _usage(action: Action) -> str:
    if action.option_strings:
        return f"[{f'{action.option_strings[0]} {_value(action)}'.strip()}]"
    name = _value(action)
    return f"[{name}]" if action.nargs == "?" else f"[{name} ...]" if action.nargs == "*" else name


def _row(action: Action) -> str:
    cell = _spelled(action).replace("|", r"\|")  # as tables have it, in code too
    return f"| `{cell}` | {action.help} |"


def _spelled(action: Action) -> str:
    """`-n N`, `--json`, `PROMPT`."""
    names = ", ".join(action.option_strings)
    return f"{names} {_value(action)}".strip()


def _value(action: Action) -> str:
    """What stands for an argument's value; empty where it takes none."""
    if action.nargs == 0:
        return ""
    if action.choices:
        return "|".join(map(str, action.choices))
    if isinstance(action.metavar, str):
        return action.metavar
    return action.dest.upper() if action.option_strings else action.dest


def _shapes(module: ModuleType) -> str:
    """The module's own shapes, as they are written there, comments included."""
    shapes = (each for each in vars(module).values() if is_typeddict(each))
    sources = [inspect.getsource(each).rstrip() for each in shapes if each.__module__ == module.__name__]
    return "```python\n" + "\n\n\n".join(sources) + "\n```\n"


if __name__ == "__main__":
    print(render(), end="")
