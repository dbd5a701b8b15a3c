from pathlib import Path

import pytest

from tests.fakes.managers import Managers


@pytest.fixture
def managers(tmp_path: Path) -> Managers:
    return Managers(tmp_path)
