"""Threads that nobody waits for in the end.

A name is looked up by the system, which can't be told to stop: where its servers are silent that takes
half a minute. Such a thread must neither keep others from their work nor the command from ending.
"""

from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from threading import Thread
from typing import Any


class Loose(ThreadPoolExecutor):
    """Gives each piece of work a thread of its own, which ends with the process at the latest."""

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        future: Future[Any] = Future()
        Thread(target=_work, args=(future, fn, args, kwargs), daemon=True).start()
        return future


def _work(future: Future[Any], fn: Callable[..., Any], args: Any, kwargs: Any) -> None:
    if not future.set_running_or_notify_cancel():
        return
    try:
        future.set_result(fn(*args, **kwargs))
    except BaseException as error:  # noqa: BLE001 - whoever waits for it is told
        future.set_exception(error)
