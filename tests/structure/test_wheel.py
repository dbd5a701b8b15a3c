"""What a wheel brings: it is built, unpacked, and run without the checkout."""

import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from tests.structure.repository import ROOT

TEMPLATES = (
    *("systemd/pointsman.service", "systemd/pointsman.socket"),
    *("launchd/dev.pointsman.agent.plist", "launchd/dev.pointsman.tray.plist"),
)


@pytest.fixture(scope="module")
def unpacked(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("wheel")
    build = (sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder))
    subprocess.run(build, cwd=ROOT, check=True, capture_output=True)
    (wheel,) = folder.glob("*.whl")
    with zipfile.ZipFile(wheel) as packed:
        packed.extractall(folder / "unpacked")
    return folder / "unpacked"


@pytest.mark.parametrize("template", TEMPLATES)
def test_the_templates_are_in_it_as_they_stand_in_the_checkout(unpacked: Path, template: str) -> None:
    source = ROOT / template
    assert (unpacked / "pointsman" / "service" / source.name).read_bytes() == source.read_bytes()


def test_the_tray_brings_its_own(unpacked: Path) -> None:
    source = ROOT / "tray/pointsman_tray/dev.pointsman.tray.desktop"
    assert (unpacked / "pointsman_tray" / source.name).read_bytes() == source.read_bytes()


def test_the_service_is_rendered_from_what_is_in_it_and_no_checkout_is_spoken_of(
    unpacked: Path, tmp_path: Path
) -> None:
    program = (
        "import pointsman.service.templates as t; print(t.__file__)\nfrom pointsman.cli.main import main"
    )
    words = ["service", "install", "--print", "service", "--port", "0"]
    ran = subprocess.run(
        [sys.executable, "-c", f"{program}\nmain({words})"],
        env={"PYTHONPATH": str(unpacked), "HOME": str(tmp_path), "PATH": "/nowhere"},
        capture_output=True,
        text=True,
        check=True,
    )
    where, _, text = ran.stdout.partition("\n")
    assert Path(where).is_relative_to(unpacked)
    assert '"serve" "--port" "0"' in text
    assert "checkout" not in ran.stderr
