"""Runs the benchmarks of docs/benchmarks.md and writes their figures there. See scripts/bench.sh."""

import datetime
import json
import os
import pathlib
import platform
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.request

import drills
import history
import page
import storms

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
RELEASE = pathlib.Path(os.environ.get("CARGO_TARGET_DIR", ROOT / "target")) / "release"
WORK = RELEASE.parent / "bench"
# A copy, so that a build under way does not change what is measured.
LEEWARD = WORK / "measured"


class Server:
    """`leeward serve` over a data directory, for as long as a `with` block lasts."""

    def __init__(self, name, *, tls=False, fresh=True):
        self.dir = WORK / name
        if fresh:
            shutil.rmtree(self.dir, ignore_errors=True)
        (self.dir / "data").mkdir(parents=True, exist_ok=True)
        self.port, self.operator_port = free_port(), free_port()
        self.url = f"{'https' if tls else 'http'}://127.0.0.1:{self.port}"
        self.roots = None
        self.flags = [
            "--data-dir", str(self.dir / "data"),
            "--set", f"listen=127.0.0.1:{self.port}",
            "--set", f"operator_listen=127.0.0.1:{self.operator_port}",
            "--set", "allow_load=true",
            "--set", "log.filter=warn",
        ]
        if tls:
            cert, key = certificate(self.dir)
            self.roots = cert
            self.flags += ["--set", f"tls.cert_file={cert}", "--set", f"tls.key_file={key}"]

    def __enter__(self):
        self.log = open(self.dir / "log", "w")
        start = time.monotonic()
        self.process = subprocess.Popen(
            [LEEWARD, *self.flags, "serve"], stdout=self.log, stderr=self.log
        )
        self.wait_ready()
        self.ready_after = time.monotonic() - start
        self.token_file = self.dir / "token"
        if not self.token_file.exists():
            owner = json.dumps({"name": "owner", "role": "owner"})
            made = leeward(self.flags, "account", "import", "-", "--tokens", "--json", input=owner)
            self.token_file.write_text(json.loads(made)[0]["token"])
            self.token_file.chmod(0o600)
        return self

    def wait_ready(self):
        url = f"http://127.0.0.1:{self.operator_port}/readyz"
        while True:
            try:
                with urllib.request.urlopen(url, timeout=5) as answer:
                    if answer.status == 200:
                        return
            except OSError:
                pass
            if self.process.poll() is not None:
                sys.exit(f"the server has ended: see {self.log.name}")
            time.sleep(0.005)

    def cpu_s(self):
        """The processor time it has taken so far, in seconds."""
        fields = open(f"/proc/{self.process.pid}/stat").read().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def load(self, *flags):
        """Runs `leeward load` and returns its report."""
        roots = ["--roots", str(self.roots)] if self.roots else []
        command = ["load", self.url, "--token-file", str(self.token_file), "--json", *roots]
        command += ["--server-pid", str(self.process.pid), *map(str, flags)]
        report = json.loads(leeward([], *command))
        say("   " + json.dumps(report)[:400])
        return report

    def __exit__(self, *_):
        self.process.send_signal(signal.SIGTERM)
        try:
            self.process.wait(30)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self.log.close()


def say(text):
    print(text, file=sys.stderr, flush=True)


def leeward(flags, *command, input=None):
    done = subprocess.run(
        [LEEWARD, *flags, *command], input=input, stdout=subprocess.PIPE, text=True
    )
    if done.returncode:
        sys.exit(f"leeward {command[0]} has failed")
    return done.stdout


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def certificate(folder):
    cert, key = folder / "cert.pem", folder / "key.pem"
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256",
         "-keyout", key, "-out", cert, "-days", "2", "-nodes", "-subj", "/CN=localhost",
         "-addext", "subjectAltName=IP:127.0.0.1",
         "-addext", "basicConstraints=critical,CA:FALSE"],
        check=True, capture_output=True,
    )
    return cert, key


def bare():
    """The kernel alone: accept and write, with 1,000 and with 10,000 connections."""
    figures = {}
    for count in [1000, 10_000]:
        rounds = 20_000 // count
        command = [RELEASE / "examples" / "bare_write", str(count), "200", str(rounds), "5"]
        figures[str(count)] = json.loads(subprocess.check_output(command))
    return figures


def idle():
    """Silent connections in rooms of 50, then all dropped at once."""
    with Server("idle") as server:
        return server.load("--clients", 15_000, "--room-size", 50, "--idle", 10, "--storm", 100)


def tls():
    """The same with TLS."""
    with Server("tls", tls=True) as server:
        return server.load("--clients", 15_000, "--room-size", 50, "--idle", 10, "--storm", 100)


def growth():
    """The same by the number of connections."""
    figures = {}
    for count in [100, 1000, 5000]:
        with Server("growth") as server:
            flags = ["--clients", count, "--room-size", 50, "--idle", 6, "--storm", 100]
            figures[str(count)] = server.load(*flags)
    return figures


def delivery():
    """One room of 1,000: 20 messages a second beside the bare loop, then as many as it takes."""
    with Server("delivery") as server:
        flags = ["--clients", 1000, "--room-size", 1000, "--idle", 2]
        report = server.load(*flags, "--rate", 20, "--saturate", "--seconds", 10)
    return {"report": report, "bare": bare()["1000"]}


def posts():
    """200 writers, each in a room of their own, as fast as they are acknowledged."""
    with Server("posts") as server:
        report = server.load("--clients", 0, "--writers", 200, "--seconds", 10)
        report["sync_ms"] = bare_sync(server.dir / "sync")
    return report


def bare_sync(path):
    """The disk alone: half of the times that 64 KiB take to be written and synchronised, or less."""
    took = []
    with open(path, "wb", buffering=0) as file:
        for _ in range(200):
            start = time.monotonic()
            file.write(bytes(65536))
            os.fdatasync(file.fileno())
            took.append((time.monotonic() - start) * 1000)
    path.unlink()
    return sorted(took)[len(took) // 2]


def history_figures():
    """Start and search with 10,000, 100,000 and 1,000,000 messages."""
    figures = {}
    for count in [10_000, 100_000, 1_000_000]:
        figures[str(count)] = history.measure(Server, leeward, WORK, count)
        say("   " + json.dumps(figures[str(count)]))
    return figures


def outages():
    """Every drill, and the control of the storm."""
    return drills.hold(LEEWARD, WORK)


def simulated():
    """Storms of up to ten million clients in virtual time, the basin map, and the models."""
    return storms.measure(RELEASE / "examples", ROOT / "docs" / "basin.svg")


SECTIONS = {
    "bare": bare,
    "idle": idle,
    "tls": tls,
    "growth": growth,
    "delivery": delivery,
    "posts": posts,
    "history": history_figures,
    "drills": outages,
    "storms": simulated,
}


def machine():
    model = next(
        (line.split(":", 1)[1].strip() for line in open("/proc/cpuinfo") if "model name" in line),
        platform.processor(),
    )
    memory_gib = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    return f"{os.cpu_count()} × {model}, {memory_gib:.0f} GiB, Linux {platform.release()}, loopback"


def main(wanted):
    WORK.mkdir(parents=True, exist_ok=True)
    shutil.copy(RELEASE / "leeward", LEEWARD)
    kept = WORK / "figures.json"
    figures = json.loads(kept.read_text()) if kept.exists() else {}
    for name in wanted or SECTIONS:
        say(f"== {name}: {SECTIONS[name].__doc__}")
        figures[name] = SECTIONS[name]()
        figures["machine"] = machine()
        figures["date"] = datetime.date.today().isoformat()
        kept.write_text(json.dumps(figures, indent=1))
    if figures.keys() - {"drills", "storms", "machine", "date"}:
        page.write(ROOT / "docs" / "benchmarks.md", figures)
    if "drills" in figures:
        drills.write(ROOT / "docs" / "benchmarks.md", figures["drills"])
    if "storms" in figures:
        storms.write(ROOT / "docs" / "benchmarks.md", figures["storms"])
    say("== written to docs/benchmarks.md")


main(sys.argv[1:])
