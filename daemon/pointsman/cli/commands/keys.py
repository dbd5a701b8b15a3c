"""The keys that providers are asked with: where each is from, and whether it works. None is ever shown."""

import time
from argparse import ArgumentParser, Namespace

from pointsman.cli import arguments as shared
from pointsman.cli.shell import Shell, WrongUsage
from pointsman.cli.show import Screen, ago
from pointsman.server.control.shapes import KeyShape, KeysShape, TrialShape

HEADS = ("NAME", "PROVIDER", "KEY", "FROM", "STATE", "TRIED", "NOTE")
PATIENCE = 60.0  # seconds; a provider far away is asked, and a keyring may have to be unlocked


def arguments(parser: ArgumentParser) -> None:
    parser.add_argument(
        "what",
        nargs="?",
        default="list",
        choices=("list", "set", "test", "remove"),
        help="list: which there are; set: try one and keep it (typed unseen, or from a pipe); test: try the "
        "one that is used; remove: take away one that was set",
    )
    parser.add_argument("name", nargs="?", metavar="NAME", help="a provider, as openrouter")
    parser.add_argument("--untested", action="store_true", help="set: keep it without trying it")
    parser.add_argument(
        "--keyring", action="store_true", help="set: keep it in the system's keyring, not in a file"
    )
    shared.where(parser)
    shared.as_json(parser)


def run(args: Namespace, shell: Shell) -> int:
    if (args.what == "list") == bool(args.name):
        raise WrongUsage("pointsman keys list, or keys set NAME, keys test NAME, keys remove NAME")
    if args.what == "test":
        return _test(args, shell)
    answer: KeysShape = _deed(args, shell)
    if args.json:
        shell.screen.json(answer)
    elif args.what == "list":
        _show(answer, shell.screen)
    else:
        shell.screen.note(_done(args, answer))
    return 0


def _deed(args: Namespace, shell: Shell) -> KeysShape:
    client = shell.client(args)
    answer: KeysShape
    if args.what == "set":
        body = {"key": _typed(args, shell), "untested": args.untested, "keyring": args.keyring}
        answer = client.post(f"/keys/{args.name}", body, patience=PATIENCE)
    elif args.what == "remove":
        answer = client.delete(f"/keys/{args.name}")
    else:
        answer = client.get("/keys")
    return answer


def _typed(args: Namespace, shell: Shell) -> str:
    if not (key := shell.secret(f"Key of {args.name} (it is not shown): ")):
        raise WrongUsage("there is no key: type it, or send it through a pipe")
    return key


def _test(args: Namespace, shell: Shell) -> int:
    trial: TrialShape = shell.client(args).post(f"/keys/{args.name}/test", patience=PATIENCE)
    if args.json:
        shell.screen.json(trial)
    else:
        shell.screen.line(f"{trial['name']}: {trial['verdict']}: {trial['words']}")
    return 0 if trial["verdict"] == "works" else 1


def _show(answer: KeysShape, screen: Screen) -> None:
    if answer["trouble"]:
        screen.note(answer["trouble"])
    there = [one for one in answer["keys"] if one["origin"]]
    now = time.time()
    if there:
        screen.table(HEADS, (_row(one, now) for one in there))
    else:
        screen.note("there is no key yet: pointsman keys set NAME")
    if without := [one for one in answer["keys"] if not one["origin"]]:
        screen.paragraph(f"Without a key: {', '.join(map(_wanting, without))}.", style="dim", indent="  ")


def _row(one: KeyShape, now: float) -> tuple[str, ...]:
    tried = "" if one["tested_at"] is None else ago(max(0.0, now - one["tested_at"]))
    return (one["name"], one["title"], one["fingerprint"], one["origin"], one["state"], tried, one["note"])


def _wanting(one: KeyShape) -> str:
    return f"{one['name']} ({one['sign_in']})" if one["sign_in"] else one["name"]


def _done(args: Namespace, answer: KeysShape) -> str:
    """What holds now: after a removal another key may, from the environment."""
    now = next((one for one in answer["keys"] if one["name"] == args.name), None)
    origin = now["origin"] if now else ""
    if args.what == "set":
        tested = "not tried" if args.untested else "it works"
        return f"the key of {args.name} is kept ({tested})"
    used = f"; the one from {origin} is used now" if origin else ""
    return f"the key of {args.name} was taken away{used}"
