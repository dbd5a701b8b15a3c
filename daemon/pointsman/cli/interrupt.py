"""Ctrl-C, heard also by a command that is about to wait.

Python notes a signal and acts on it between two of its own steps. One that comes after the last step before
a wait is acted on when the wait is over, which may be never. So each wait is ended for a moment now and then:
Python takes that up by itself, and acts on what it has noted.
"""

import signal
from collections.abc import Iterator
from contextlib import contextmanager

PULSE = 0.2  # seconds


@contextmanager
def heard_while_waiting() -> Iterator[None]:
    """For the main thread alone, and not around an event loop, which hears signals by itself."""
    before = signal.signal(signal.SIGALRM, lambda *_: None)
    signal.setitimer(signal.ITIMER_REAL, PULSE, PULSE)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
