"""A cloud that tells anybody what it has, and answers those who have a key that it knows.

    cloud = Keyed("sk-right")               # served by aiohttp's TestServer(cloud.app)
    cloud.known, cloud.asked, cloud.sent    # its keys; each request; each Authorization header
    cloud.go_on.clear()                     # its list waits; cloud.begun: somebody waits for it

What it refuses it repeats, key and all, as some do; `chatty`: its list does too, and it refuses under a 200.
"""

import asyncio

from aiohttp import web
from aiohttp.typedefs import Handler, Middleware

PRICED = {"prompt": "0.000001", "completion": "0.000002"}
FREE = {"prompt": "0", "completion": "0"}


class Keyed:
    def __init__(self, *known: str, down: bool = False) -> None:
        self.known = set(known)
        self.down = down  # answers 500 to everything
        self.chatty = False
        self.broke = False  # answers 402 to a question about a key
        self.date = ""  # as its answers tell it; empty: what it is
        self.begun, self.go_on = asyncio.Event(), asyncio.Event()
        self.go_on.set()
        self.asked: list[str] = []
        self.sent: list[str] = []

    @property
    def app(self) -> web.Application:
        app = web.Application(middlewares=[self._counting])
        app.router.add_get("/api/v1/models", self._models)
        app.router.add_get("/api/v1/key", self._key)
        app.router.add_post("/api/v1/chat/completions", self._chat)
        return app

    @property
    def _counting(self) -> Middleware:
        @web.middleware
        async def count(request: web.Request, handler: Handler) -> web.StreamResponse:
            self.asked.append(f"{request.method} {request.path}")
            self.sent.append(request.headers.get("Authorization", ""))
            if self.down:
                return web.json_response({"error": {"message": "down"}}, status=500)
            response = await handler(request)
            if self.date:
                response.headers["Date"] = self.date
            return response

        return count

    async def _models(self, request: web.Request) -> web.Response:
        self.begun.set()
        await self.go_on.wait()
        models = [
            {"id": "a/gift:free", "name": "Gift", "pricing": FREE, "context_length": 32_768},
            {"id": "a/dear", "name": "Dear", "pricing": PRICED, "context_length": 32_768},
        ]
        if self.chatty:
            asker = request.headers.get("Authorization", "")
            models.append(
                {"id": f"a/gift for {asker}", "description": f"It is for {asker}.", "pricing": FREE}
            )
        return web.json_response({"data": models})

    async def _key(self, request: web.Request) -> web.Response:
        if self.broke:
            return web.json_response({"error": {"message": "no credit"}}, status=402)
        return self._refusal(request) or web.json_response({"data": {"label": "mine", "is_free_tier": True}})

    async def _chat(self, request: web.Request) -> web.Response:
        if refusal := self._refusal(request):
            return refusal
        message = {"role": "assistant", "content": "Hello."}
        choice = {"index": 0, "message": message, "finish_reason": "stop"}
        usage = {"prompt_tokens": 1, "completion_tokens": 1, "total_tokens": 2}
        body = {"id": "x", "object": "chat.completion", "created": 1, "model": "a/gift:free", "usage": usage}
        return web.json_response({**body, "choices": [choice]})

    def _refusal(self, request: web.Request) -> web.Response | None:
        said = request.headers.get("Authorization", "")
        if said.removeprefix("Bearer ") in self.known:
            return None
        error = {"message": f"no user has {said!r}", "code": 401}
        return web.json_response({"error": error}, status=200 if self.chatty else 401)
