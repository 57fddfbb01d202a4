"""The servers to be compared, each started for as long as a `with` block lasts and stopped whatever
happens in it. A server has a name, a URL, a process, and flags for `xmpp_load`."""

import json
import os
import pathlib
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.request

HERE = pathlib.Path(__file__).resolve().parent
PASSWORD = "a-secret-of-all"
# Accounts that Leeward makes by one request, in whole rooms.
LEEWARD_AT_ONCE = 5_000


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Server:
    """What all have in common."""

    def __init__(self, work):
        self.dir = work / self.name
        shutil.rmtree(self.dir, ignore_errors=True)
        self.dir.mkdir(parents=True)
        self.port = free_port()
        self.url = f"xmpp://127.0.0.1:{self.port}"

    def __enter__(self):
        self.out = open(self.dir / "out", "w")
        self.process = subprocess.Popen(
            self.command(), stdout=self.out, stderr=self.out, stdin=subprocess.DEVNULL,
            env={**os.environ, **self.environment()}, cwd=self.dir, start_new_session=True,
        )
        try:
            self.wait_ready()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_):
        # The whole session, so that no child outlives its parent.
        for sign, patience_s in [(signal.SIGTERM, 15), (signal.SIGKILL, 15)]:
            try:
                os.killpg(self.process.pid, sign)
                self.process.wait(patience_s)
            except ProcessLookupError:
                break
            except subprocess.TimeoutExpired:
                continue
        self.process.wait()
        self.out.close()

    def wait_ready(self):
        """Until it answers on its port, a minute at most."""
        end = time.monotonic() + 60
        while time.monotonic() < end:
            if self.process.poll() is not None:
                break
            if self.ready():
                return
            time.sleep(0.1)
        sys.exit(f"{self.name} does not answer: see {self.dir}")

    def ready(self):
        try:
            socket.create_connection(("127.0.0.1", self.port), 1).close()
        except OSError:
            return False
        return True

    def environment(self):
        return {}

    def fill_in(self, template, path):
        text = (HERE / template).read_text()
        path.write_text(text.replace("@dir@", str(self.dir)).replace("@port@", str(self.port)))

    def flags(self, _clients, _survivors, _room_size):
        """For `xmpp_load`: how it comes to accounts, and to rooms with history."""
        return ["--register", "yes", "--fill", 20, "--password", PASSWORD]


class Ejabberd(Server):
    name, version = "ejabberd", "ejabberd"

    def command(self):
        self.fill_in("ejabberd.yml", self.dir / "ejabberd.yml")
        # As `ejabberdctl foreground` does, without a node name, so that no other daemon is started.
        return ["erl", "+K", "true", "+P", "250000", "-noinput",
                "-mnesia", "dir", f'"{self.dir}/spool"', "-s", "ejabberd"]

    def environment(self):
        libraries = next(pathlib.Path("/usr/lib").glob("*/ejabberd-*")).parent
        return {
            "HOME": str(self.dir),
            "EJABBERD_CONFIG_PATH": str(self.dir / "ejabberd.yml"),
            "EJABBERD_LOG_PATH": str(self.dir / "ejabberd.log"),
            "ERL_LIBS": str(libraries),
            "ERL_MAX_PORTS": "32000",
            "ERL_CRASH_DUMP_SECONDS": "0",
        }


class Prosody(Server):
    name, version = "prosody", "prosody"

    def command(self):
        (self.dir / "data").mkdir()
        self.fill_in("prosody.cfg.lua", self.dir / "prosody.cfg.lua")
        return ["prosody", "-F", "--config", str(self.dir / "prosody.cfg.lua")]


class Leeward(Server):
    """The binary of this repository. What it has to provide for XMPP is used here and nowhere else: the
    setting of its listener, and in the answer of `POST /api/v1/load` the names by which one signs in."""

    name, version = "leeward", None
    binary = None

    def command(self):
        self.http, self.operator = free_port(), free_port()
        self.set = [
            f"listen=127.0.0.1:{self.http}", f"operator_listen=127.0.0.1:{self.operator}",
            "allow_load=true", "log.filter=warn", f"xmpp.listen=127.0.0.1:{self.port}",
        ]
        return [str(self.binary), *self.settings(), "serve"]

    def ready(self):
        try:
            urllib.request.urlopen(f"http://127.0.0.1:{self.operator}/readyz", timeout=1).close()
        except OSError:
            return False
        return True

    def settings(self):
        flags = ["--data-dir", str(self.dir / "data")]
        for setting in self.set:
            flags += ["--set", setting]
        return flags

    def flags(self, clients, survivors, room_size):
        owner = json.dumps({"name": "owner", "role": "owner"})
        made = subprocess.run(
            [str(self.binary), *self.settings(), "account", "import", "-", "--tokens", "--json"],
            input=owner, stdout=subprocess.PIPE, text=True, check=True,
        )
        self.token = json.loads(made.stdout)[0]["token"]
        people = self.people(survivors, max(survivors, 1)) if survivors else []
        people += self.people(clients - survivors, room_size)
        accounts = self.dir / "accounts"
        accounts.write_text("".join(
            f"{p['name']} {PASSWORD} {p['room_name']}\n" for p in people))
        return ["--accounts", accounts, "--fill", 20, "--known", "yes"]

    def people(self, count, room_size):
        made, whole = [], max(LEEWARD_AT_ONCE // room_size, 1) * room_size
        while len(made) < count:
            ask = {"accounts": min(whole, count - len(made)), "room_size": room_size,
                   "password": PASSWORD}
            request = urllib.request.Request(
                f"http://127.0.0.1:{self.http}/api/v1/load", json.dumps(ask).encode(),
                {"Authorization": f"Bearer {self.token}", "Content-Type": "application/json"},
            )
            with urllib.request.urlopen(request, timeout=120) as answer:
                made += json.load(answer)["people"]
        return made


ALL = {server.name: server for server in (Leeward, Ejabberd, Prosody)}
