import pytest
from hypothesis import settings
from xdist.remote import Producer
from xdist.scheduler import LoadScopeScheduling

# That a machine is busy proves nothing. All tests are to end within three minutes on two cores: every run
# looks at other examples, and `--hypothesis-profile=long` at many.
settings.register_profile("pointsman", deadline=None, max_examples=50)
settings.register_profile("long", deadline=None, max_examples=2_000)
settings.load_profile("pointsman")

ONE_AFTER_ANOTHER = (
    "tests/bench/",
    "tests/cli/doctor/test_checks.py",
    "tests/journeys/test_crowd.py",
    "tests/journeys/test_process.py",
    "tests/real/",
    "tests/server/test_listen.py",
)


class Shares(LoadScopeScheduling):  # type: ignore[misc]  # it has no types
    """What each process of a run on several cores gets to do: a module, and the next when that is done.

    One gets all the modules that take well-known ports, look at the whole machine, or measure a process. (The
    groups that xdist has for this, `--dist loadgroup`, have no effect under pytest 9.2.)
    """

    def _split_scope(self, nodeid: str) -> str:
        return "the machine" if nodeid.startswith(ONE_AFTER_ANOTHER) else super()._split_scope(nodeid)


def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> Shares:
    return Shares(config, log)
