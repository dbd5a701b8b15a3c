"""OpenAI's chat/completions and completions: a plain answer, told as the stream that was asked for."""

from typing import Any

from pointsman.wire.pieces import Json, objects, read_object, written


def retold(body: bytes) -> list[bytes]:
    """The events that say the same, each without its end; of what is no JSON object the body as it is."""
    answer = read_object(body)
    if answer is None:
        return [body]
    return [b"data: " + written(chunk) for chunk in _chunks(answer)]


def _chunks(answer: Json) -> list[Json]:
    choices = objects(answer.get("choices"))
    if not choices:
        return [answer]
    about = {name: answer[name] for name in answer if name not in ("choices", "usage")}
    if about.get("object") == "chat.completion":
        about["object"] = "chat.completion.chunk"
    usage = [about | {"choices": [], "usage": answer["usage"]}] if answer.get("usage") else []
    said, ended = ([tell(choice) for choice in choices] for tell in (_said, _ended))
    return [about | {"choices": said}, about | {"choices": ended}, *usage]


def _said(choice: Json) -> Json:
    told = {name: choice[name] for name in choice if name != "message"} | {"finish_reason": None}
    message = choice.get("message")
    return told | {"delta": _delta(message)} if isinstance(message, dict) else told


def _delta(message: Json) -> Json:
    """A call of a tool has a number where it is told in pieces."""
    if not isinstance(calls := message.get("tool_calls"), list):
        return message
    numbered: list[Any] = [
        {"index": number, **call} if isinstance(call, dict) else call for number, call in enumerate(calls)
    ]
    return message | {"tool_calls": numbered}


def _ended(choice: Json) -> Json:
    nothing: Json = {"delta": {}} if "message" in choice else {"text": ""}
    return {"index": choice.get("index"), **nothing, "finish_reason": choice.get("finish_reason")}
