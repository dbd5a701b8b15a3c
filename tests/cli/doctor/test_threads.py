"""Work that the system does not end keeps nobody waiting."""

import asyncio
import threading

import pytest

from pointsman.cli.doctor.threads import Loose

MANY = 100  # more than a pool of threads would have


async def _others_get_on(stuck: threading.Event) -> str:
    loop = asyncio.get_running_loop()
    loop.set_default_executor(Loose())
    for _ in range(MANY):
        loop.run_in_executor(None, stuck.wait)
    return await asyncio.to_thread(lambda: "done")


def test_what_never_ends_holds_up_neither_others_nor_the_end() -> None:
    stuck = threading.Event()
    assert asyncio.run(_others_get_on(stuck)) == "done"
    assert not stuck.is_set()
    stuck.set()


async def test_what_fails_there_fails_for_who_waits_for_it() -> None:
    with pytest.raises(ZeroDivisionError):
        await asyncio.wrap_future(Loose().submit(lambda: 1 // 0))
