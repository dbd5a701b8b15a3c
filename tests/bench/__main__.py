"""Pointsman's own figures on this machine, in one run:  make bench

Stub engine, bare hop, daemon and load client are processes of their own. Nothing is pinned and nothing is
asserted: a figure that is missed says so, and what to make of it is for the reader, who knows the machine.
"""

import argparse
import os
import sys
from collections.abc import Iterator

from tests.bench import decision, footprint, report
from tests.bench.children import Load, load_client, server
from tests.bench.cloud import MODELS as CROWD
from tests.bench.report import Figure
from tests.bench.rounds import PLAIN_1, PLAIN_10, Measured, Target, measure
from tests.bench.stub import MODEL
from tests.journeys.daemon import Daemon

CONFIG = """
[discovery]
local = false
remote = false
[providers.stub]
api_base = "{url}/v1"
tier = "local"
"""
CROWDED = """
[providers.openrouter]
api_base = "{cloud}/v1"
api_key = "sk-of-nobody"
"""
LOOKING = """
[discovery]
remote = false
[providers.stuck]
api_base = "{stuck}/v1"
"""
LONG_IDLE = 600.0  # seconds
BESIDE = "pointsman auto, 1,000 more models"
JUDGED = "pointsman auto"  # the figures are promised for a choice that is left to Pointsman


def main() -> int:
    given = _parse()
    with server("tests.bench.stub") as stub, server("tests.bench.hop", stub) as hop, load_client() as load:
        targets = [Target("direct", f"{stub}/v1", MODEL), Target("bare hop", f"{hop}/v1", MODEL)]
        say(f"{given.rounds} rounds of {given.seconds:g} s for each figure, {os.cpu_count()} cores")
        if given.hop_only:
            _show(measure(load, tuple(targets), given.rounds, given.seconds), targets)
            return 0
        with server("tests.bench.cloud") as cloud:
            _bench(given, load, stub, cloud, targets)
    return 0


def _bench(given: argparse.Namespace, load: Load, stub: str, cloud: str, targets: list[Target]) -> None:
    config = CONFIG.format(url=stub)
    crowded = config.replace("remote = false", "remote = true") + CROWDED.format(cloud=cloud)
    with Daemon(config=config) as daemon, Daemon(config=crowded) as beside:
        taken = footprint.resident_after_list(beside, CROWD) - footprint.resident(daemon)
        targets.append(Target("pointsman, named", daemon.api_base, f"stub/{MODEL}"))
        targets.append(Target(JUDGED, daemon.api_base, "auto"))
        targets.append(Target(BESIDE, beside.api_base, "auto"))
        measured = measure(load, tuple(targets), given.rounds, given.seconds)
        _show(measured, targets)
        _judge(report.compared(measured, JUDGED))
        _judge(_crowd(measured, taken))
        _judge(_worn(daemon, load, targets[-2], given))
    _judge(_fresh(config, given.rounds, LONG_IDLE if given.long else given.idle))
    _judge(_elsewhere(given.rounds))


def _crowd(measured: Measured, taken: float) -> Iterator[Figure]:
    """Of a daemon that knows a thousand models elsewhere, beside one that knows none."""
    yield Figure(f"memory of {CROWD:,} models elsewhere", 10, taken, "MiB")
    name = f"requests/s beside {CROWD:,} models, of those without"
    yield Figure(name, 0.95, measured.ratio(PLAIN_10, BESIDE, JUDGED), at_least=True)
    name = f"added by {CROWD:,} models, p50, alone"
    yield Figure(name, 0.1, measured.further(PLAIN_1, BESIDE, JUDGED, report.p50), "ms")


def _worn(daemon: Daemon, load: Load, target: Target, given: argparse.Namespace) -> Iterator[Figure]:
    """Of a daemon that has worked."""
    half, whole = footprint.resident_after_streams(daemon, load, target, given.streams)
    note = f"{half:.1f} after half of them"
    yield Figure(f"memory after {given.streams:,} streams", 80, whole, "MiB", note=note)
    yield Figure("`pointsman status`", 0.25, footprint.seconds_of_status(daemon, given.rounds), "s")


def _fresh(config: str, rounds: int, idle: float) -> Iterator[Figure]:
    """Of a daemon that has just started."""
    yield Figure("start to first answer", 0.7, footprint.seconds_to_first_answer(config, rounds), "s")
    with footprint.hanging() as stuck, Daemon(config=LOOKING.format(stuck=stuck)) as daemon:
        listed = footprint.milliseconds_of_models(daemon, rounds)
        yield Figure("`/v1/models` while an engine hangs", 50, listed, "ms")
        share = footprint.idle_share(daemon, idle)
        yield Figure("memory when idle", 64, footprint.resident(daemon), "MiB")
    yield Figure("processor when idle", 0.2, share, "%", note=f"over {idle:g} s")


def _elsewhere(rounds: int) -> Iterator[Figure]:
    for models, aim in ((1_000, 0.3), (10_000, 3)):
        taken = decision.milliseconds(rounds, models)
        yield Figure(f"decision among {models:,} models", aim, taken, "ms", note="p50")
    for size, characters, aim in (("1 kB", 1_000, 0.2), ("1 MB", 1_000_000, 2)):
        taken = decision.milliseconds_to_classify(rounds, characters)
        yield Figure(f"reading what {size} is about", aim, taken, "ms", note="p50")
    yield Figure("requests/s, of Portkey's gateway", 4, None, at_least=True, note="it is not installed here")
    yield Figure("requests/s, of LiteLLM's proxy", 30, None, at_least=True, note="it is not installed here")


def _show(measured: Measured, targets: list[Target]) -> None:
    for line in report.table(measured, [target.name for target in targets]):
        say(line)


def _judge(figures: Iterator[Figure]) -> None:
    for figure in figures:
        say(figure.line())


def say(line: str) -> None:
    print(line, flush=True)


def _parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description="Pointsman's own figures.")
    parser.add_argument("--rounds", type=int, default=5, help="each figure is their median")
    parser.add_argument("--seconds", type=float, default=0.6, help="of load for each kind and target")
    parser.add_argument("--streams", type=int, default=10_000, help="before its memory is looked at")
    parser.add_argument("--idle", type=float, default=20.0, help="seconds that it is watched doing nothing")
    parser.add_argument("--long", action="store_true", help=f"watch it do nothing for {LONG_IDLE:g} s")
    parser.add_argument("--hop-only", action="store_true", help="without Pointsman: what the machine gives")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
