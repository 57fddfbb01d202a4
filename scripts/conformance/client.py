"""Says things to the echo server by `websockets` and fails when anything comes back otherwise."""

import asyncio
import random
import sys

import websockets
from websockets.asyncio.client import connect
from websockets.extensions.permessage_deflate import ClientPerMessageDeflateFactory

SIZES = [0, 1, 125, 126, 127, 65535, 65536, 1 << 20, 16 << 20]


def texts(rng):
    words = ["leeward", "κόσμε", "été", "風", "🌊", " ", "\n", "\0"]
    for size in SIZES:
        yield "".join(rng.choices(words, k=size // 4 + 1))[:size]


async def converse(url, rng, **options):
    async with connect(url, max_size=None, ping_interval=None, **options) as socket:
        for text in texts(rng):
            await socket.send(text)
            assert await socket.recv() == text
            pieces = [text[i : i + 1000] for i in range(0, min(len(text), 20000), 1000)] or [""]
            await socket.send(pieces)
            assert await socket.recv() == "".join(pieces)
        for size in SIZES:
            data = rng.randbytes(size)
            await socket.send(data)
            assert await socket.recv() == data
        for size in [0, 1, 125]:
            await asyncio.wait_for(await socket.ping(rng.randbytes(size)), 5)
        many = [f"message {i} " * (i % 50) for i in range(2000)]
        sender = asyncio.create_task(send_all(socket, many))
        for text in many:
            assert await socket.recv() == text
        await sender
        await socket.close(4321, "enough")
        assert socket.close_code == 4321, socket.close_code


async def send_all(socket, many):
    for text in many:
        await socket.send(text)


async def main(url):
    rng = random.Random(7)
    await converse(url, rng, compression=None)
    await converse(url, rng, compression="deflate")
    for bits in [9, 12, 15]:
        for context in [False, True]:
            offer = ClientPerMessageDeflateFactory(
                server_no_context_takeover=context,
                client_no_context_takeover=context,
                server_max_window_bits=bits,
                client_max_window_bits=bits,
            )
            await converse(url, rng, compression=None, extensions=[offer])
    print(f"  websockets {websockets.__version__}: as said, so heard")


asyncio.run(main(sys.argv[1]))
