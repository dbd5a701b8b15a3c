import signal
import socket
import threading
import time

import pytest

from pointsman.cli.interrupt import heard_while_waiting

A_MOMENT = (
    0.05  # seconds until the wait has surely begun; if it has not, the test proves less and still holds
)
PATIENCE = 5.0  # after it the wait ends by itself, and Python hears at last


def _note_an_interrupt() -> None:
    """As it happens just before a wait: Python has noted it, and the main thread's wait is not disturbed."""
    signal.pthread_kill(threading.get_ident(), signal.SIGINT)


def test_an_interrupt_that_did_not_end_a_wait_is_heard_in_it() -> None:
    here, there = socket.socketpair()
    with here, there:
        here.settimeout(PATIENCE)
        noting = threading.Timer(A_MOMENT, _note_an_interrupt)
        noting.start()
        began = time.monotonic()
        with pytest.raises(KeyboardInterrupt), heard_while_waiting():
            here.recv(1)
        assert time.monotonic() - began < PATIENCE
        noting.join()


def test_afterwards_everything_is_as_it_was() -> None:
    before = signal.getsignal(signal.SIGALRM)
    with heard_while_waiting():
        assert signal.getitimer(signal.ITIMER_REAL) != (0.0, 0.0)
    assert signal.getsignal(signal.SIGALRM) == before
    assert signal.getitimer(signal.ITIMER_REAL) == (0.0, 0.0)
