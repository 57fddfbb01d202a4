"""A server for tests in another language: says where it is, and does what each line of its input says."""

import json
import signal
import sys

from server import DOMAIN, PASSWORD, ROOM, Server

server = Server()
print(json.dumps({"web": server.web, "tcp": server.tcp, "tls": server.tls, "cert": server.cert,
                  "password": PASSWORD, "domain": DOMAIN, "room": ROOM, "tokens": server.tokens,
                  "lobby": server.lobby()}), flush=True)
STEPS = {
    "down": [lambda: server.stop(signal.SIGKILL)],
    "up": [server.start],
    "kill": [lambda: server.stop(signal.SIGKILL), server.start],
    "restart": [lambda: server.stop(signal.SIGTERM), server.start],
}
for line in sys.stdin:
    for step in STEPS[line.strip()]:
        step()
    print("done", flush=True)
server.close()
