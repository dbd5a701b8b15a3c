import json

from aiohttp import web
from aiohttp.test_utils import make_mocked_request

from pointsman.server.app import _not_served


def test_whatever_aiohttp_refuses_keeps_its_status_in_the_clients_form() -> None:
    request = make_mocked_request("POST", "/v1/chat/completions")
    told = _not_served(request, web.HTTPUnsupportedMediaType())
    error = json.loads(bytes(told.body))["error"]  # type: ignore[arg-type]
    assert told.status == 415
    assert (error["src"], error["type"]) == ("pointsman", "invalid_request_error")
    assert error["message"] == "POST /v1/chat/completions is refused: Unsupported Media Type"
