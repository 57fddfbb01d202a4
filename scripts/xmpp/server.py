"""A server with three people, started and stopped as a test wants it."""

import json
import os
import re
import signal
import socket
import ssl
import subprocess
import tempfile
import time
import urllib.request

PASSWORD = "correct horse battery"
DOMAIN = "localhost"
ROOM = f"lobby@rooms.{DOMAIN}"


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


class Server:
    """`leeward serve` over a directory of its own, with accounts owner, member and other."""

    def __init__(self):
        self.dir = tempfile.TemporaryDirectory(prefix="leeward-xmpp-")
        self.data = os.path.join(self.dir.name, "data")
        self.web, self.operator, self.tcp, self.tls = (free_port() for _ in range(4))
        cert, key = (os.path.join(self.dir.name, name) for name in ("cert.pem", "key.pem"))
        subprocess.run(
            ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256",
             "-nodes", "-days", "2", "-subj", f"/CN={DOMAIN}", "-addext", f"subjectAltName=DNS:{DOMAIN}",
             "-keyout", key, "-out", cert],
            check=True, capture_output=True)
        self.cert, self.key = cert, key
        self.process = None
        self.start()
        link = next(line for line in self.out if "/setup#" in line).strip()
        answer = self.api("POST", "/setup", None, {
            "token": link.split("#")[1], "name": "owner", "password": PASSWORD, "workspace": "Example"})
        self.tokens = {"owner": answer["token"]}
        for name in ("member", "other"):
            subprocess.run(
                [os.environ["LEEWARD"], "--data-dir", self.data, "account", "add", name, "--password-stdin"],
                input=PASSWORD + "\n", text=True, check=True, capture_output=True)
            self.tokens[name] = self.api(
                "POST", "/sign-in", None, {"name": name, "password": PASSWORD})["token"]

    def start(self):
        args = [os.environ["LEEWARD"], "--data-dir", self.data]
        for key, value in {
            "listen": f"127.0.0.1:{self.web}", "operator_listen": f"127.0.0.1:{self.operator}",
            "xmpp.listen": f"127.0.0.1:{self.tcp}", "xmpp.listen_tls": f"127.0.0.1:{self.tls}",
            "tls.cert_file": self.cert, "tls.key_file": self.key, "log.filter": "warn",
            "drain.spread_ms": "500",
        }.items():
            args += ["--set", f"{key}={value}"]
        self.process = subprocess.Popen(args + ["serve"], stdout=subprocess.PIPE, text=True)
        self.out = []
        deadline = time.monotonic() + 30
        while time.monotonic() < deadline:
            try:
                with socket.create_connection(("127.0.0.1", self.operator), timeout=1):
                    break
            except OSError:
                time.sleep(0.05)
        os.set_blocking(self.process.stdout.fileno(), False)
        while time.monotonic() < deadline:
            try:
                with urllib.request.urlopen(f"http://127.0.0.1:{self.operator}/readyz", timeout=1) as r:
                    if r.status == 200:
                        break
            except OSError:
                time.sleep(0.05)
        self.out = (self.process.stdout.read() or "").splitlines()

    def stop(self, how=signal.SIGTERM):
        self.process.send_signal(how)
        self.process.wait(timeout=30)
        self.process.stdout.close()

    def close(self):
        self.stop()
        self.dir.cleanup()

    def ask(self, method, path, content=None, headers=()):
        """One request over TLS; the body of the answer."""
        request = urllib.request.Request(
            f"https://127.0.0.1:{self.web}{path}", method=method, data=content, headers=dict(headers))
        with urllib.request.urlopen(request, context=ssl._create_unverified_context(), timeout=10) as answer:
            return answer.read()

    def api(self, method, path, who, body=None):
        headers = {"content-type": "application/json"}
        if who:
            headers["authorization"] = f"Bearer {self.tokens[who]}"
        content = None if body is None else json.dumps(body).encode()
        text = self.ask(method, f"/api/v1{path}", content, headers)
        return json.loads(text) if text else None

    def fetch(self, method, url, content=None):
        """A request to an address that the server has given somebody."""
        return self.ask(method, "/" + url.split("/", 3)[3], content)

    def lobby(self):
        rooms = self.api("GET", "/rooms", "owner")
        rooms = rooms if isinstance(rooms, list) else rooms["rooms"]
        return next(room["id"] for room in rooms if room.get("name") == "lobby")

    def lines(self, room):
        return self.api("GET", f"/rooms/{room}/snapshot", "owner")["lines"]

    def say(self, who, room, text, nonce):
        draft = {"kind": "message", "text": text}
        return self.api("POST", f"/rooms/{room}/events", who, {"nonce": nonce, "draft": draft})
