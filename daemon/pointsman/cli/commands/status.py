"""What is used, what was answered last, what left the machine today, and what to mend."""

import time
from argparse import ArgumentParser, Namespace
from collections.abc import Iterator

from pointsman.cli import arguments as shared
from pointsman.cli.shell import Shell
from pointsman.cli.show import Screen, ago, count, duration, money
from pointsman.server.control.shapes import EndpointShape, SpentShape, StatusShape

HEADS = ("ENDPOINT", "KIND", "PLACE", "TIER", "HEALTH", "MODELS", "NOTE")


def arguments(parser: ArgumentParser) -> None:
    shared.where(parser)
    shared.as_json(parser)


def run(args: Namespace, shell: Shell) -> int:
    status: StatusShape = shell.client(args).get("/status")
    if args.json:
        shell.screen.json(status)
    else:
        _show(status, shell.screen)
    return 0


def _show(status: StatusShape, screen: Screen) -> None:
    screen.line(status["summary"], style="bold")
    for text in _head(status):
        screen.line(text)
    if status["endpoints"]:
        screen.line()
        screen.table(HEADS, map(endpoint_row, status["endpoints"]))
    screen.line()
    for text in _doings(status, time.time()):
        screen.line(text)
    for text in _troubles(status):
        screen.line(text, style="free")


def _head(status: StatusShape) -> Iterator[str]:
    socket = f"unix:{status['socket']}" if status["socket"] else ""
    process = f"version {status['version']}, process {status['pid']}, up {duration(status['uptime'])}"
    yield f"Listening on {' and '.join(filter(None, (status['url'], socket)))} ({process})"
    yield f"Configuration: {status['config_file'] or 'none, the defaults hold'}"
    yield f"Looked for ({_swept(status['swept_ago'])}):{'' if status['looked_for'] else ' nothing'}"
    yield from (f"  {source}" for source in status["looked_for"])


def _swept(swept_ago: float | None) -> str:
    return "still looking" if swept_ago is None else ago(swept_ago)


def endpoint_row(endpoint: EndpointShape) -> tuple[str, ...]:
    fields = (endpoint["id"], endpoint["title"], endpoint["place"], endpoint["tier"], endpoint["health"])
    return (*fields, str(endpoint["models"]), endpoint["note"])


def _doings(status: StatusShape, now: float) -> Iterator[str]:
    if last := status["last_request"]:
        who = f"{last['model']} ({last['tier']})" if last["model"] else f"nobody, status {last['status']}"
        yield f"Last request: {who}, {ago(now - last['at'])} (pointsman why {last['id']})"
    today = "; ".join(_spent(tier, spent) for tier, spent in status["today"].items())
    yield f"Today: {today or 'no request yet'}"


def _spent(tier: str, spent: SpentShape) -> str:
    tokens = spent["input_tokens"] + spent["output_tokens"]
    cost = "" if tier in ("local", "") else f", {money(spent['cost'])}"
    unpriced = f" and {count(spent['unpriced'], 'attempt')} of unknown cost" if spent["unpriced"] else ""
    done = f"{count(spent['requests'], 'request')}, {count(tokens, 'token')}"
    return f"{tier or 'unanswered'} {done}{cost}{unpriced}"


def _troubles(status: StatusShape) -> Iterator[str]:
    yield from (f"To mend: {hint}" for hint in status["hints"])
    if trouble := status["ledger"]["trouble"]:
        yield f"Ledger: {trouble}"
    if lost := status["ledger"]["lost"]:
        yield f"Ledger: {count(lost, 'request')} could not be written down"
    for job in status["failed_jobs"]:
        yield f"Job {job['name']}: {count(job['failures'], 'failure')}; the last: {job['error']}"
