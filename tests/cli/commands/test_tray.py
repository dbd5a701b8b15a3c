"""`pointsman tray` becomes the tray's own program."""

import os
import subprocess
import sys
from pathlib import Path


def test_without_a_screen_it_says_so_in_one_line(tmp_path: Path) -> None:
    ran = subprocess.run(
        [sys.executable, "-m", "pointsman.cli.main", "tray", "--state", str(tmp_path)],
        env={"HOME": str(tmp_path), "PATH": os.environ["PATH"]},
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.returncode == 1
    assert ran.stderr.startswith("pointsman: there is no screen here")
    assert ran.stderr.count("\n") == 1
    assert "pointsman status" in ran.stderr
