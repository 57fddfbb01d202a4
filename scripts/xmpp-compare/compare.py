"""Runs the same XMPP work on several servers and writes the table. See scripts/xmpp-compare.sh."""

import argparse
import datetime
import json
import os
import pathlib
import platform
import subprocess
import sys

import page
import servers

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
RELEASE = pathlib.Path(os.environ.get("CARGO_TARGET_DIR", ROOT / "target")) / "release"
LOAD = RELEASE / "examples" / "xmpp_load"
BARE = RELEASE / "examples" / "bare_write"
# A message of the load in a room, as Leeward sends it.
STANZA_BYTES = 500
SURVIVORS, ROOM_SIZE, HALL = 10, 50, 500


def say(text):
    print(text, file=sys.stderr, flush=True)


def run(server, clients, survivors, room_size, *flags):
    """One test of a running server; its report, or None when it could not be held."""
    command = [LOAD, "--url", server.url, "--domain", "localhost", "--rooms", "rooms.localhost",
               "--pid", server.process.pid, "--clients", clients, "--survivors", survivors,
               "--room-size", room_size, *server.flags(clients, survivors, room_size), *flags]
    done = subprocess.run([str(c) for c in command], stdout=subprocess.PIPE, text=True)
    return json.loads(done.stdout) if done.returncode == 0 else None


def storm(kind, work, clients, options):
    with kind(work) as server:
        return run(server, clients, SURVIVORS, ROOM_SIZE, "--storm", options.storm,
                   "--mu", options.mu, "--patience", options.patience)


def hall(kind, work, options):
    with kind(work) as server:
        report = run(server, HALL, 0, HALL, "--deliver", options.rate, "--seconds", 10,
                     "--patience", options.patience)
    if report:
        report["bare_us"] = bare(options)
    return report


def bare(options):
    """What as many writes of as many bytes cost in a loop that does nothing else, at the same pace, in
    microseconds of the processor each."""
    command = [BARE, HALL, STANZA_BYTES, round(options.rate), 10]
    shown = subprocess.check_output([str(c) for c in command], text=True)
    return json.loads(shown)["paced"]["write_cpu_us"]


def version(kind):
    if kind.version is None:
        return kind.name.capitalize()
    shown = subprocess.check_output(["dpkg-query", "-W", "-f", "${Version}", kind.version], text=True)
    return f"{kind.name} {shown.split('-')[0]}"


def machine():
    lines = open("/proc/cpuinfo").read().splitlines()
    model = next((line.split(":", 1)[1].strip() for line in lines if "model name" in line), "")
    return f"{os.cpu_count()} × {model}, Linux {platform.release()}, loopback"


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--servers", default="leeward,ejabberd,prosody")
    parser.add_argument("--sizes", default="2000,8000", help="clients of a storm")
    parser.add_argument("--slow-max", type=int, default=2000, help="most clients for Prosody")
    parser.add_argument("--storm", type=float, default=60, help="most seconds to wait for all")
    parser.add_argument("--mu", type=float, default=6, help="most seconds of a closed loop")
    parser.add_argument("--rate", type=float, default=20, help="messages a second in a room of 500")
    parser.add_argument("--patience", type=float, default=120, help="most seconds for all to sign in")
    parser.add_argument("--leeward", type=pathlib.Path, default=RELEASE / "leeward")
    parser.add_argument("--work", type=pathlib.Path, default=pathlib.Path("/tmp/xmpp-compare"))
    parser.add_argument("--page", type=pathlib.Path, default=ROOT / "docs" / "benchmarks.md")
    options = parser.parse_args()
    servers.Leeward.binary = options.leeward
    options.work.mkdir(parents=True, exist_ok=True)
    kept = options.work / "figures.json"
    figures = json.loads(kept.read_text()) if kept.exists() else {}
    for name in options.servers.split(","):
        kind = servers.ALL[name]
        mine = figures.setdefault(name, {"storms": {}})
        mine["version"] = version(kind)
        for clients in map(int, options.sizes.split(",")):
            if name == "prosody" and clients > options.slow_max:
                continue
            say(f"== {name}: {clients} clients")
            mine["storms"][str(clients)] = storm(kind, options.work, clients, options)
        say(f"== {name}: a room of {HALL}")
        mine["hall"] = hall(kind, options.work, options)
        figures["machine"] = machine()
        figures["date"] = datetime.date.today().isoformat()
        kept.write_text(json.dumps(figures, indent=1))
    page.write(options.page, figures)
    say(f"== written to {options.page}")


main()
