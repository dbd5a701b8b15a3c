"""Look for models again, now, and say what is there."""

from argparse import ArgumentParser, Namespace

from pointsman.cli import arguments as shared
from pointsman.cli.commands.status import show_endpoints
from pointsman.cli.shell import Shell
from pointsman.cli.show import Screen, duration
from pointsman.server.control.shapes import DiscoveredShape

PATIENCE = 150.0  # seconds; clouds far away are asked too


def arguments(parser: ArgumentParser) -> None:
    shared.where(parser)
    shared.as_json(parser)


def run(args: Namespace, shell: Shell) -> int:
    client = shell.client(args)
    if not args.json:
        shell.screen.note("looking ...")
    discovered: DiscoveredShape = client.post("/discover", patience=PATIENCE)
    if args.json:
        shell.screen.json(discovered)
    else:
        _show(discovered, shell.screen)
    return 0


def _show(discovered: DiscoveredShape, screen: Screen) -> None:
    show_endpoints(discovered["endpoints"], screen, new=discovered["new"])
    models = ", ".join(f"{number} {tier}" for tier, number in discovered["models"].items() if number)
    screen.paragraph(f"Models: {models or 'none'}. New: {', '.join(discovered['new']) or 'nothing'}.")
    screen.paragraph(
        f"Looked for {'; '.join(discovered['looked_for'])}, in {duration(discovered['seconds'])}.",
        indent="  ",
    )
    for source in discovered["failed"]:
        screen.note(f"{source['name']} failed: {source['error']}")
