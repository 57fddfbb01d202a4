"""Says everything back by `websockets`; prints its URL first."""

import asyncio
import contextlib

from websockets.asyncio.server import serve
from websockets.exceptions import ConnectionClosed


async def echo(socket):
    with contextlib.suppress(ConnectionClosed):
        async for message in socket:
            if isinstance(message, str) and len(message) > 3:
                middle = len(message) // 2
                await socket.send([message[:middle], message[middle:]])
            else:
                await socket.send(message)


async def main():
    async with serve(echo, "127.0.0.1", 0, max_size=None) as server:
        print("ws://%s:%d" % server.sockets[0].getsockname()[:2], flush=True)
        await asyncio.Future()


asyncio.run(main())
