"""What is used, what was answered last, what left the machine today, and what to mend."""

import time
from argparse import ArgumentParser, Namespace
from collections.abc import Collection, Iterator, Sequence
from itertools import starmap

from pointsman.cli import arguments as shared
from pointsman.cli.commands.limits import asked_again
from pointsman.cli.shell import Shell
from pointsman.cli.show import Screen, ago, count, duration, money, per_cent
from pointsman.server.control.shapes import (
    BudgetShape,
    EndpointShape,
    GoneShape,
    LastRequestShape,
    LimitShape,
    SpentShape,
    StatusShape,
)

HEADS = ("ENDPOINT", "KIND", "PLACE", "TIER", "HEALTH", "MODELS", "NEW")
FEW = 8  # hints that are shown unasked: more would hide the first


def arguments(parser: ArgumentParser) -> None:
    parser.add_argument("--all", action="store_true", help=f"list all there is to mend, not the first {FEW}")
    shared.where(parser)
    shared.as_json(parser)


def run(args: Namespace, shell: Shell) -> int:
    status: StatusShape = shell.client(args).get("/status")
    if args.json:
        shell.screen.json(status)
    else:
        _show(status, shell.screen, every=args.all)
    return 0


def _show(status: StatusShape, screen: Screen, *, every: bool) -> None:
    screen.paragraph(status["summary"], style="bold")
    for text in _head(status):
        screen.paragraph(text, indent="  ")
    if status["endpoints"]:
        screen.line()
        show_endpoints(status["endpoints"], screen, said=status["hints"])
    screen.line()
    for text in _doings(status, time.time()):
        screen.paragraph(text, indent="  ")
    for text in _left_alone(status["limits"], every=every):
        screen.paragraph(text, style="free", indent="  ")
    for text in _troubles(status, every=every):
        screen.paragraph(text, style="free", indent="  ")


def _head(status: StatusShape) -> Iterator[str]:
    socket = f"unix:{status['socket']}" if status["socket"] else ""
    process = f"version {status['version']}, process {status['pid']}, up {duration(status['uptime'])}"
    yield f"Listening on {' and '.join(filter(None, (status['url'], socket)))} ({process})"
    if (mode := status["mode"]["mode"]) != "normal":
        yield f"Mode: {mode} (pointsman mode normal ends it)"
    yield f"Configuration: {status['config_file'] or 'none, the defaults hold'}"
    yield f"Looked for ({_swept(status['swept_ago'])}): {'; '.join(status['looked_for']) or 'nothing'}"


def _swept(swept_ago: float | None) -> str:
    return "still looking" if swept_ago is None else ago(swept_ago)


def show_endpoints(
    endpoints: Sequence[EndpointShape],
    screen: Screen,
    *,
    new: Collection[str] = (),
    said: Sequence[str] = (),
) -> None:
    """A row each, and below what is noted of some, unless it is `said` elsewhere. `new`: ids."""
    screen.table(HEADS, (_endpoint_row(one, is_new=one["id"] in new) for one in endpoints))
    for one in endpoints:
        if one["note"] and not any(one["note"] in sentence for sentence in said):
            screen.paragraph(f"  {one['id']}: {one['note']}", style="dim", indent="    ")


def _endpoint_row(endpoint: EndpointShape, *, is_new: bool) -> tuple[str, ...]:
    tiers = ", ".join(endpoint["tiers"]) or endpoint["tier"]
    fields = (endpoint["id"], endpoint["title"], endpoint["place"], tiers, endpoint["health"])
    return (*fields, str(endpoint["models"]), "new" if is_new else "")


def _who(last: LastRequestShape) -> str:
    if last["model"]:
        return f"{last['model']} ({last['tier']})"
    return f"nobody, status {last['status']}" if last["status"] else "nobody, lost with its daemon"


def _doings(status: StatusShape, now: float) -> Iterator[str]:
    if status["states"]:
        yield f"Models: {'; '.join(starmap(_models, status['states'].items()))}"
    if last := status["last_request"]:
        yield f"Last request: {_who(last)}, {ago(now - last['at'])} (pointsman why {last['id']})"
    today = "; ".join(_spent(tier, spent) for tier, spent in status["today"].items())
    yield f"Today: {today or 'no request yet'}"
    if budgets := status["budgets"]:
        yield f"Budget: {', '.join(map(_budget, budgets))}"
    yield from (f"Left this machine: {_gone(one)}" for one in status["gone"])


def _budget(one: BudgetShape) -> str:
    """`day 42 % of $1.00`, with what it holds back."""
    if one["limit"] is None:
        return f"{one['name']} {money(one['spent'])} without a limit"
    step = "" if one["step"] == "normal" else f" ({one['step']})"
    return f"{one['name']} {per_cent(one['share'])} of {money(one['limit'])}{step}"


def _gone(one: GoneShape) -> str:
    """`3 programs' prompts went to openrouter (first: aider, 21 Nov)`"""
    day = time.strftime("%-d %b %Y", time.localtime(one["at"]))
    whose = f"{one['first']}'s prompts" if one["programs"] == 1 else f"{one['programs']} programs' prompts"
    first = f"first: {one['first']}, {day}" if one["programs"] > 1 else f"first: {day}"
    return f"{whose} went to {one['to']} ({first})"


def _models(tier: str, states: dict[str, int]) -> str:
    """`12 local (3 loaded, 9 unloaded)`; what runs elsewhere is there whenever it is asked."""
    told = ", ".join(f"{number} {state}" for state, number in states.items())
    known = f"{sum(states.values())} {'of unknown tier' if tier == 'unknown' else tier}"
    return f"{known} ({told})" if tier == "local" else known


def _spent(tier: str, spent: SpentShape) -> str:
    tokens = spent["input_tokens"] + spent["output_tokens"]
    cost = "" if tier in ("local", "") else f", {money(spent['cost'])}"
    unpriced = f" and {count(spent['unpriced'], 'attempt')} of unknown cost" if spent["unpriced"] else ""
    done = f"{count(spent['requests'], 'request')}, {count(tokens, 'token')}"
    return f"{tier or 'unanswered'} {done}{cost}{unpriced}"


def _left_alone(limits: Sequence[LimitShape], *, every: bool) -> Iterator[str]:
    """What is asked again by the next request is not left alone any more."""
    shut = [one for one in limits if one["seconds"]]
    for one in shut if every else shut[:FEW]:
        whose = "the free models of " if one["kind"] == "free" else ""
        yield f"Left alone: {whose}{one['id']}, asked again {asked_again(one)}: {one['reason']}"
    if not every and len(shut) > FEW:
        yield f"Left alone: {len(shut) - FEW} more (pointsman limits)"


def _troubles(status: StatusShape, *, every: bool) -> Iterator[str]:
    hints = status["hints"] if every else status["hints"][:FEW]
    yield from (f"To mend: {hint}" for hint in hints)
    if more := len(status["hints"]) - len(hints):
        yield f"To mend: {count(more, 'more thing')} (pointsman status --all)"
    if trouble := status["ledger"]["trouble"]:
        yield f"Ledger: {trouble}"
    if lost := status["ledger"]["lost"]:
        yield f"Ledger: {count(lost, 'request')} could not be written down"
    for job in status["failed_jobs"]:
        yield f"Job {job['name']}: {count(job['failures'], 'failure')}; the last: {job['error']}"
