"""Run the daemon in the foreground until it is interrupted."""

import os
from argparse import ArgumentParser, Namespace
from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING

from pointsman.cli import arguments as shared
from pointsman.cli.logs import logged
from pointsman.cli.shell import Shell
from pointsman.cli.show import Screen, count
from pointsman.types import Endpoint, Health, Snapshot, Tier

if TYPE_CHECKING:
    from pointsman.server.rooms import Info

BODY = '{"model": "auto", "messages": [{"role": "user", "content": "Hello"}]}'
WAYS_ON = (
    "start a local engine, for example: llama-server -m model.gguf",
    "give a provider's key (pointsman keys says where one is had), or name a server (pointsman config path)",
    "wait: it goes on looking, and uses what appears within seconds",
)


def arguments(parser: ArgumentParser) -> None:
    shared.serving(parser)
    parser.add_argument(
        "--log",
        type=shared.path,
        metavar="FILE",
        help="say what goes wrong there, not on standard error; the last three megabytes are kept",
    )


def run(args: Namespace, shell: Shell) -> int:
    """Raises StartError, which says why the daemon can't start, and KeyboardInterrupt as `serve` does."""
    # All the rooms, which whoever only reads the arguments spares.
    from pointsman.daemon import Options, serve

    options = Options(args.config, args.state, args.socket, args.host, args.port)
    with logged(args.log, shell.environ):
        serve(options, _own_environment(shell), partial(_announce, shell.screen))
    return 0


def _own_environment(shell: Shell) -> Mapping[str, str]:
    """With what a service manager says to this process; its children are not to answer for it."""
    from pointsman.service import notify, sockets

    environ = dict(shell.environ)
    for name in (*notify.VARIABLES, *sockets.VARIABLES):
        os.environ.pop(name, None)
    return environ


def _announce(screen: Screen, info: "Info", snapshot: Snapshot, looked_for: Sequence[str]) -> None:
    """What was found, where it listens, a line that works."""
    socket = f" and unix:{info.socket}" if info.socket else ""
    screen.line(f"Pointsman {info.version} listens on {info.url}{socket}", style="bold")
    usable = [one for one in snapshot.endpoints if one.health not in {Health.AWAY, Health.SIGN_IN}]
    offered = [one for one in snapshot.endpoints if one.health is Health.SIGN_IN]
    wanting = sum(model.endpoint.health is Health.SIGN_IN for model in snapshot.models)
    found = _found(usable, snapshot) if usable else _nothing(looked_for, wanting)
    for text in [*found, *_found(offered, snapshot)]:
        screen.line(text)
    screen.line(f"Try: curl {info.url}/v1/chat/completions -H 'Content-Type: application/json' -d '{BODY}'")
    screen.flush()


def _found(endpoints: Sequence[Endpoint], snapshot: Snapshot) -> Iterator[str]:
    for endpoint in endpoints:
        models = [model.name for model in snapshot.models if model.endpoint.id == endpoint.id]
        there = {one.tier for one in snapshot.models if one.endpoint.id == endpoint.id} or {endpoint.tier}
        tier = ", ".join(one.word for one in Tier if one in there) or "tier unknown"
        listed = f"{count(len(models), 'model')}: {', '.join(models[:5])}{', ...' if models[5:] else ''}"
        note = f" ({endpoint.note})" if endpoint.note else ""
        yield f"  {endpoint.id} at {endpoint.place}, {tier}, {listed if models else 'no models'}{note}"


def _nothing(looked_for: Sequence[str], wanting: int) -> Iterator[str]:
    """`wanting`: models that could be asked with a key."""
    only = f"No model was found but {count(wanting, 'model')} for which a key is needed, see below"
    places = "; ".join(looked_for) or "nothing, discovery is switched off"
    yield f"{only if wanting else 'No model was found'}. Looked for: {places}. Three ways on:"
    yield from (f"  - {way}" for way in WAYS_ON)
