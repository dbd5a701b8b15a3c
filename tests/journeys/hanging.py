"""A daemon, as a program, whose event loop hangs from SIGUSR1 until SIGUSR2, as a fault would have it."""

import asyncio
import os
import signal
from argparse import ArgumentParser

from pointsman.cli.commands.serve import arguments
from pointsman.daemon import Options, serve


def hang() -> None:
    os.write(1, b"hangs\n")
    signal.sigwait({signal.SIGUSR2})


def ready(*_: object) -> None:
    asyncio.get_running_loop().add_signal_handler(signal.SIGUSR1, hang)
    os.write(1, b"ready\n")


if __name__ == "__main__":
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGUSR2})  # before there are threads that would take it
    parser = ArgumentParser()
    arguments(parser)
    args = parser.parse_args()
    serve(Options(args.config, args.state, args.socket, args.host, args.port), os.environ, ready)
