"""How models are chosen: `eco`, `balanced`, `premium` or a profile of your own. It outlasts a restart."""

from argparse import ArgumentParser, Namespace

from pointsman.cli import arguments as shared
from pointsman.cli.choices import SET_BY
from pointsman.cli.shell import Shell
from pointsman.cli.show import Screen
from pointsman.server.control.choice_shapes import PresetShape, ProfileShape, ProfilesShape

HEADS = ("PROFILE", "TIERS", "GRADE", "FIRST", "SET BY")
PRESETS = ("zero", "hybrid", "team", "offline")


def arguments(parser: ArgumentParser) -> None:
    which = parser.add_mutually_exclusive_group()
    which.add_argument(
        "name", type=shared.some, nargs="?", metavar="NAME", help="to be in force; none: list them all"
    )
    which.add_argument(
        "--undo", action="store_true", help="as the configuration says, whatever was set by this command"
    )
    which.add_argument(
        "--preset",
        choices=PRESETS,
        help="several settings at once. zero: nothing paid; hybrid: $12 a month, the best for main, what is "
        "cheap for workers; team: $50 a month for you alone; offline: only this machine",
    )
    shared.where(parser)
    shared.as_json(parser)


def run(args: Namespace, shell: Shell) -> int:
    if args.preset:
        return _preset(args, shell)
    client = shell.client(args)
    if args.name or args.undo:
        answer: ProfilesShape = client.post("/profile", {"profile": args.name})
    else:
        answer = client.get("/profile")
    if args.json:
        shell.screen.json(answer)
    else:
        _show(answer, shell.screen)
    return 0


def _preset(args: Namespace, shell: Shell) -> int:
    """What was set, and how each of it is taken back."""
    answer: PresetShape = shell.client(args).post("/setup/preset", {"preset": args.preset})
    if args.json:
        shell.screen.json(answer)
        return 0
    shell.screen.table(("SET", "UNDO"), zip(answer["set"], answer["undo"], strict=True))
    return 0


def _show(answer: ProfilesShape, screen: Screen) -> None:
    whose = SET_BY[answer["origin"]]
    said = whose if answer["origin"] == "built-in" else f"set by {whose}"
    screen.line(f"{answer['active']} is in force ({said})")
    screen.table(HEADS, map(_row, answer["profiles"]))


def _row(one: ProfileShape) -> tuple[str, ...]:
    lower = f"{one['slack']} less accepted" if one["slack"] else "as needed"
    first = "the best grade, of any tier" if one["best_first"] else f"the first tier, by {_weights(one)}"
    return one["name"], " ".join(one["ladder"]), lower, first, SET_BY[one["origin"]]


def _weights(one: ProfileShape) -> str:
    """`cost`, `cost 2, time 0.5`."""
    said = {
        "cost": one["weights"]["cost"],
        "time": one["weights"]["time"],
        "quality": one["weights"]["quality"],
    }
    counted = {name: weight for name, weight in said.items() if weight}
    plain = len(set(counted.values())) == 1
    return ", ".join(name if plain else f"{name} {weight:g}" for name, weight in counted.items()) or "name"
