"""A cloud that has a thousand models to list, as OpenRouter does; nobody asks it for more.

python -m tests.bench.cloud        says its address and serves until its standard input ends
"""

import asyncio

from aiohttp import web

from tests.leash import die_with_parent

MODELS = 1_000  # two in three cost money
NOTHING, PRICED = {"prompt": "0", "completion": "0"}, {"prompt": "0.0000005", "completion": "0.000002"}
LISTED = {
    "data": [
        {
            "id": f"maker-{number % 40}/model-{number}{'' if number % 3 else ':free'}",
            "name": f"Model {number}",
            "context_length": (8_192, 32_768, 131_072, 1_000_000)[number % 4],
            "pricing": PRICED if number % 3 else NOTHING,
            "supported_parameters": ["tools", "response_format"] if number % 2 else ["max_tokens"],
            "architecture": {"input_modalities": ["text", "image"] if number % 5 == 0 else ["text"]},
        }
        for number in range(MODELS)
    ]
}


async def listed(_: web.Request) -> web.Response:
    return web.json_response(LISTED)


async def serve() -> None:
    app = web.Application()
    app.router.add_get("/v1/models", listed)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    print(f"http://127.0.0.1:{runner.addresses[0][1]}", flush=True)
    await asyncio.Event().wait()


if __name__ == "__main__":
    die_with_parent()
    asyncio.run(serve())
