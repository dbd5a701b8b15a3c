"""Fake service managers: systemctl, loginctl, journalctl and launchctl, programs in a folder for the PATH.

What they hold is in files of the folder beside them, to be looked at and changed while they are in use:
`calls` (one line each), `environment`, `linger`, and for systemctl what is enabled as links, as systemd makes
them. `away`: no manager answers. `inactive`: what is shown of what does not run. `refuse`: nothing can be
started. `stuck`: nothing can be stopped. `dies`: what is started does not stay. `pid` and
`active.UNIT`: what runs.
"""

import os
import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path

SYSTEMCTL = r"""#!/bin/sh
cd "$(dirname "$0")/../held" || exit 9
echo "systemctl $*" >> calls
units=$(cat units)
shift  # --user
verb=$1; shift
[ "$1" = --now ] && { now=yes; shift; }
if [ -e away ]; then echo "Failed to connect to bus: No medium found" >&2; exit 1; fi
stop() {
    rm -f "active.$1"
    if [ "$1" = pointsman.service ] && [ -e pid ]; then
        kill "$(cat pid)" 2>/dev/null
        while kill -0 "$(cat pid)" 2>/dev/null; do sleep 0.02; done
        rm pid
    fi
}
start() {
    if [ -e refuse ]; then echo "Job for $1 failed. See journalctl." >&2; exit 1; fi
    [ -e "active.$1" ] || [ -e dies ] && return
    : > "active.$1"
    if [ "$1" = pointsman.service ] && [ -e for-real ]; then
        line=$(sed -n 's/^ExecStart=://p' "$units/pointsman.service")
        sh -c "exec $line" </dev/null >said 2>&1 &
        echo $! > pid
        while ! [ -e "$(cat for-real)" ]; do sleep 0.02; done
    fi
}
case $verb in
show-environment) cat environment ;;
enable)
    for unit; do
        [ -e "$units/$unit" ] || { echo "Unit $unit does not exist." >&2; exit 1; }
        wants=$units/$(sed -n 's/^WantedBy=//p' "$units/$unit").wants
        mkdir -p "$wants" && ln -sf "$units/$unit" "$wants/$unit"
    done ;;
disable)
    for unit; do
        rm -f "$units"/*.wants/"$unit"
        [ -z "$now" ] || stop "$unit"
    done
    rmdir "$units"/*.wants 2>/dev/null || : ;;
start) for unit; do start "$unit"; done ;;
stop)
    if [ -e stuck ]; then echo "Job for $1 timed out." >&2; exit 1; fi
    for unit; do stop "$unit"; done ;;
restart) for unit; do stop "$unit"; start "$unit"; done ;;
is-active) [ -e "active.$1" ] ;;
show)
    if [ -e "active.$1" ]; then echo "ActiveState=active"; echo "SubState=running"
    else cat inactive; fi
    echo "Result=success"; echo "MainPID=$(cat pid 2>/dev/null || echo 0)"
    echo "Environment=$(sed -n 's/^Environment=//p' "$units/$1" 2>/dev/null)" ;;
esac
"""
LOGINCTL = r"""#!/bin/sh
cd "$(dirname "$0")/../held" && cat linger
"""
JOURNALCTL = r"""#!/bin/sh
cd "$(dirname "$0")/../held" && echo "journalctl $*" >> calls
"""
LAUNCHCTL = r"""#!/bin/sh
cd "$(dirname "$0")/../held" || exit 9
echo "launchctl $*" >> calls
case $1 in
bootstrap) : > active.agent ;;
kickstart) [ -e active.agent ] && echo 42 > pid ;;
bootout) rm -f active.agent pid; exit 36 ;;
print)
    [ -e active.agent ] || { echo "Could not find service" >&2; exit 113; }
    if [ -e pid ]; then printf '\tstate = running\n\tpid = %s\n' "$(cat pid)"
    else printf '\tstate = not running\n\tlast exit code = %s\n' "$(cat code 2>/dev/null || echo 0)"; fi ;;
esac
"""
PROGRAMS = (
    ("systemctl", SYSTEMCTL),
    ("loginctl", LOGINCTL),
    ("journalctl", JOURNALCTL),
    ("launchctl", LAUNCHCTL),
)


class Managers:
    """A home, and the managers that serve it. `environ` is all that a program of that home sees."""

    def __init__(self, home: Path) -> None:
        self.home = home
        self.held, self.units = home / "managers" / "held", home / ".config" / "systemd" / "user"
        programs = home / "managers" / "bin"
        programs.mkdir(parents=True)
        self.held.mkdir()
        for name, text in PROGRAMS:
            (programs / name).write_text(text, encoding="utf-8")
            (programs / name).chmod(0o755)
        self.hold("units", str(self.units))
        self.hold("environment", f"HOME={home}\nPATH=/usr/bin:/bin\nLANG=C.UTF-8")
        self.hold("inactive", "ActiveState=inactive\nSubState=dead")
        self.hold("linger", "Linger=no")
        self.hold("calls", "")
        self.environ: Mapping[str, str] = {
            "HOME": str(home),
            "PATH": f"{programs}:{os.environ['PATH']}",
            "XDG_RUNTIME_DIR": str(home / "run"),
        }

    def hold(self, name: str, text: str = "") -> None:
        (self.held / name).write_text(f"{text}\n" if text else "", encoding="utf-8")

    def path_without(self, program: str) -> str:
        """A PATH with these managers but for that program, which this machine may have too."""
        programs = self.home / "managers" / "bin"
        (programs / program).unlink()
        for name in ("dirname", "cat", "sed"):
            (programs / name).symlink_to(shutil.which(name) or name)
        return str(programs)

    @property
    def calls(self) -> list[str]:
        return (self.held / "calls").read_text(encoding="utf-8").splitlines()

    @property
    def enabled(self) -> list[str]:
        return sorted(path.name for path in self.units.glob("*.wants/*"))

    @property
    def running(self) -> list[str]:
        return sorted(path.name.removeprefix("active.") for path in self.held.glob("active.*"))

    def run(self, *argv: str) -> "subprocess.CompletedProcess[str]":
        """A program in this home."""
        return subprocess.run(argv, env=dict(self.environ), capture_output=True, text=True, check=False)
