"""What a whole daemon makes of what it is set to."""

import json

from tests.journeys.daemon import Daemon


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
