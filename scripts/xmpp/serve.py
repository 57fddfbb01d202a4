"""A server for tests in another language: says where it is, and does what each line of its input says."""

import json
import signal
import sys

from server import DOMAIN, PASSWORD, ROOM, Server

server = Server()
print(json.dumps({"web": server.web, "tcp": server.tcp, "password": PASSWORD, "domain": DOMAIN,
                  "room": ROOM, "token": server.tokens["owner"], "lobby": server.lobby()}), flush=True)
for line in sys.stdin:
    if line.strip() in ("kill", "restart"):
        server.stop(signal.SIGKILL if line.strip() == "kill" else signal.SIGTERM)
        server.start()
        print("up", flush=True)
server.close()
