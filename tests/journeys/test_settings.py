"""What commands have set and the file no longer allows stops the start, and one command mends that."""

import json
import subprocess
import sys

from tests.journeys.daemon import Daemon

MINE = '[profiles.mine]\nladder = ["local"]\n'
UNDO = (sys.executable, "-m", "pointsman.cli.main", "config", "undo", "profiles.active", "--state")


def test_a_profile_that_is_taken_out_of_the_file_can_be_given_up_without_a_daemon() -> None:
    with Daemon(config=MINE) as daemon:
        with daemon.http(unix=True) as http:
            http.post("/control/v0/profile", json={"profile": "mine"}).raise_for_status()
        running = subprocess.run([*UNDO, str(daemon.state)], capture_output=True, text=True, check=False)
        assert (running.returncode, "`pointsman profile --undo` takes it back" in running.stderr) == (1, True)
        daemon.stop()
        daemon.write_config("")
        daemon.launch()
        assert daemon.ended() == 1
        assert "profiles.active must be one of balanced, eco, premium" in daemon.stderr
        assert "`pointsman config undo profiles.active` takes it back" in daemon.stderr
        subprocess.run([*UNDO, str(daemon.state)], check=True)
        daemon.start()
        with daemon.http() as http:
            assert http.get("/control/v0/profile").json()["active"] == "balanced"


def test_an_older_configuration_is_served_as_it_is() -> None:
    old = {
        "agents": {"defaults": {"model": "desk/big", "subagentModel": "desk/small"}},
        "providers": {"desk": {"apiKey": "sk-1234", "apiBase": "http://127.0.0.1:9/v1"}},
        "channels": {},
        "tools": {"timeout": 60},
    }
    with Daemon(config=json.dumps(old)) as daemon:
        with daemon.http() as http:
            roles = {role["name"]: role for role in http.get("/control/v0/roles").json()["roles"]}
        assert roles["main"]["model"] == "desk/big"
        assert (roles["subagent"]["model"], roles["subagent"]["origin"]) == ("desk/small", "configuration")
        assert "what has no meaning here is not used: channels, tools" in daemon.stderr
        assert "sk-1234" not in daemon.stdout + daemon.stderr
