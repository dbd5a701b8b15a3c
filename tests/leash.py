"""A child process on a leash: it ends when its standard input does, and so with whoever started it."""

import os
import threading


def die_with_parent() -> None:
    """Call it once, in the child; the parent gives it a pipe as standard input and holds on to it."""
    threading.Thread(target=_wait_for_the_end, daemon=True).start()


def _wait_for_the_end() -> None:
    while os.read(0, 4096):  # not sys.stdin, whose lock a daemon thread would take into the interpreter's end
        pass
    os._exit(0)
