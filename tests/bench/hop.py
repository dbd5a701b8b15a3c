"""The baseline: the least that a proxy in Python does. aiohttp's server, aiohttp's client, uvloop.

python -m tests.bench.hop TARGET      says its address and serves until its standard input ends
"""

import asyncio
import sys

import aiohttp
import uvloop
from aiohttp import web

from tests.leash import die_with_parent


async def serve(target: str) -> None:
    timeout = aiohttp.ClientTimeout(total=None)
    async with aiohttp.ClientSession(timeout=timeout, connector=aiohttp.TCPConnector(limit=0)) as session:

        async def relay(request: web.Request) -> web.StreamResponse:
            body, headers = await request.read(), {"Content-Type": "application/json"}
            async with session.post(target + request.path, data=body, headers=headers) as upstream:
                if upstream.content_type != "text/event-stream":
                    return web.Response(
                        body=await upstream.read(), status=upstream.status, content_type=upstream.content_type
                    )
                response = web.StreamResponse(headers={"Content-Type": "text/event-stream"})
                await response.prepare(request)
                async for piece in upstream.content.iter_any():
                    await response.write(piece)
                await response.write_eof()
                return response

        app = web.Application()
        app.router.add_post("/{path:.*}", relay)
        runner = web.AppRunner(app, access_log=None)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        print(f"http://127.0.0.1:{runner.addresses[0][1]}", flush=True)
        await asyncio.Event().wait()


if __name__ == "__main__":
    die_with_parent()
    uvloop.run(serve(sys.argv[1]))
