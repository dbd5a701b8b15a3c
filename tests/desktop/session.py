"""What a login to a desktop starts: a session bus, and the tray as its program."""

import asyncio
import os
import shutil
import sys
import tempfile
from asyncio.subprocess import PIPE, Process
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Self

import pytest

ENDS_WITHIN = 10.0  # seconds
NOTHING: Mapping[str, str] = MappingProxyType({})


def needs(*programs: str) -> None:
    """Skips the test where one is missing, naming it."""
    if missing := [one for one in programs if shutil.which(one) is None]:
        pytest.skip(f"not on this machine: {', '.join(missing)} (make desktop-deps)")


class SessionBus:
    """A real dbus-daemon, on a socket of its own."""

    address: str

    async def __aenter__(self) -> Self:
        command = ("dbus-daemon", "--session", "--nofork", "--nopidfile", "--print-address")
        self._process = await asyncio.create_subprocess_exec(*command, stdout=PIPE, stderr=PIPE)
        assert self._process.stdout is not None
        self.address = (await self._process.stdout.readline()).decode().strip()
        return self

    async def __aexit__(self, *_: object) -> None:
        await ended(self._process, by_force=True)


class Tray:
    """`python -m pointsman_tray` as a process. Where `screen` is empty there is none."""

    def __init__(
        self,
        bus: str,
        state: Path,
        *,
        screen: str = ":nowhere",
        environ: Mapping[str, str] = NOTHING,
    ) -> None:
        self._home = tempfile.TemporaryDirectory(prefix="pm-")
        self._state = state
        self._environ = {
            "HOME": self._home.name,
            "PATH": os.environ["PATH"],
            **({"DBUS_SESSION_BUS_ADDRESS": bus} if bus else {}),
            **({"DISPLAY": screen} if screen else {}),
            **environ,
        }

    @property
    def pid(self) -> int:
        return self._process.pid

    async def __aenter__(self) -> Self:
        command = (sys.executable, "-m", "pointsman_tray", "--state", str(self._state))
        self._process = await asyncio.create_subprocess_exec(
            *command, stdout=PIPE, stderr=PIPE, env=self._environ
        )
        return self

    async def __aexit__(self, *_: object) -> None:
        await ended(self._process, by_force=True)
        self._home.cleanup()

    async def said(self) -> str:
        """Its next line."""
        assert self._process.stderr is not None
        async with asyncio.timeout(ENDS_WITHIN):
            return (await self._process.stderr.readline()).decode()

    async def ended(self) -> tuple[int, str]:
        """Its exit code, and what it said until then."""
        return await ended(self._process)

    def end(self) -> None:
        self._process.terminate()


async def ended(process: Process, *, by_force: bool = False) -> tuple[int, str]:
    if by_force and process.returncode is None:
        process.kill()
    async with asyncio.timeout(ENDS_WITHIN):
        _, said = await process.communicate()
    assert process.returncode is not None
    return process.returncode, (said or b"").decode()
