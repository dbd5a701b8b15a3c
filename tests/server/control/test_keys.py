"""`/control/v0/keys`: through the Unix socket to change, and no key ever comes out."""

from pathlib import Path

import pytest
from aiohttp import ClientSession

from pointsman.server.control.shapes import KeyShape, KeysShape
from tests.server.control.conftest import Client, House

SECRET = "sk-very-secret"
SET = {"key": SECRET, "untested": True}


async def named(owner: ClientSession, name: str) -> KeyShape:
    told: KeysShape = await (await owner.get("/control/v0/keys")).json()
    return next(one for one in told["keys"] if one["name"] == name)


async def test_all_clouds_are_told_with_their_keys_or_where_one_is_had(client: Client, house: House) -> None:
    told: KeysShape = await (await client.get("/control/v0/keys")).json()
    assert told.keys() == KeysShape.__annotations__.keys()
    assert told["trouble"] == ""
    groq = next(one for one in told["keys"] if one["name"] == "groq")
    assert groq.keys() == KeyShape.__annotations__.keys()
    assert (groq["origin"], groq["fingerprint"], groq["state"]) == ("", "", "missing")
    assert groq["sign_in"].startswith("https://")


async def test_a_key_goes_in_and_its_fingerprint_comes_out(owner: ClientSession, house: House) -> None:
    response = await owner.post("/control/v0/keys/groq", json=SET)
    assert response.status == 200
    assert SECRET not in await response.text()
    groq = await named(owner, "groq")
    assert (groq["origin"], groq["state"], len(groq["fingerprint"])) == ("credentials", "untested", 8)
    response = await owner.delete("/control/v0/keys/groq")
    assert response.status == 200
    assert (await named(owner, "groq"))["state"] == "missing"


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("POST", "/control/v0/keys/groq"),
        ("POST", "/control/v0/keys/groq/test"),
        ("DELETE", "/control/v0/keys/groq"),
    ],
)
async def test_over_tcp_nothing_is_changed(client: Client, house: House, method: str, path: str) -> None:
    response = await client.request(method, path, json=SET)
    assert response.status == 403
    assert "Unix socket" in (await response.json())["error"]["message"]


@pytest.mark.parametrize(
    ("body", "kind", "status"),
    [
        (f'{{"key": "{SECRET}"}}', "text/plain", 415),
        (f'{{"key": "{SECRET}", "{SECRET}": 1}}', "application/json", 400),
        (f'{{"key": ["{SECRET}"]}}', "application/json", 400),
        (f"{SECRET}", "application/json", 400),
        ('{"key": "\\ud800"}', "application/json", 400),
        ('{"key": "env:HOME"}', "application/json", 400),
    ],
)
async def test_what_is_no_key_is_refused_and_not_repeated(
    owner: ClientSession, body: str, kind: str, status: int
) -> None:
    response = await owner.post("/control/v0/keys/groq", data=body, headers={"Content-Type": kind})
    assert response.status == status
    assert SECRET not in await response.text()


async def test_a_name_that_nobody_knows_is_told_with_the_nearest(owner: ClientSession) -> None:
    response = await owner.post("/control/v0/keys/qroq", json=SET)
    assert response.status == 404
    assert "did you mean groq?" in (await response.json())["error"]["message"]


async def test_credentials_that_others_can_read_are_told(
    client: Client, house: House, tmp_path: Path
) -> None:
    file = tmp_path / "credentials.toml"
    file.write_text(f'groq = "{SECRET}"', encoding="utf-8")
    file.chmod(0o644)
    told: KeysShape = await (await client.get("/control/v0/keys")).json()
    status = await (await client.get("/control/v0/status")).json()
    assert f"chmod 600 {file}" in told["trouble"]
    assert status["hints"][0] == told["trouble"]
    file.chmod(0o600)
    told = await (await client.get("/control/v0/keys")).json()
    groq = next(one for one in told["keys"] if one["name"] == "groq")
    assert (told["trouble"], groq["origin"]) == ("", "credentials")
