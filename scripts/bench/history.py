"""A server with a long history: how fast it starts, and how fast it finds."""

import http.client
import json
import random
import shutil
import statistics
import time
import urllib.parse

ROOMS = 20
PEOPLE = 50
WORDS = 20_000
SEARCHES = 300


def measure(Server, leeward, work, count):
    """Imports `count` messages, starts a server over them twice, and searches them."""
    folder = work / "export"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    export = folder / "export.jsonl"
    rng = random.Random(count)
    words = vocabulary(rng)
    write_export(export, rng, words, count)
    server = Server("history")
    start = time.monotonic()
    leeward(server.flags, "import", "mattermost", str(export))
    imported = time.monotonic() - start
    with server:
        wait_indexed(server)
    with Server("history", fresh=False) as server:
        ready_s = server.ready_after
        took = search(server, words, rng)
    shutil.rmtree(server.dir, ignore_errors=True)
    quantile = statistics.quantiles(took, n=100)
    return {
        "import_per_s": count / imported,
        "ready_s": ready_s,
        "search_p50_ms": quantile[49],
        "search_p95_ms": quantile[94],
        "search_max_ms": max(took),
    }


def vocabulary(rng):
    letters = "abcdefghijklmnopqrstuvwxyz"
    return ["".join(rng.choices(letters, k=rng.randint(3, 9))) for _ in range(WORDS)]


def write_export(path, rng, words, count):
    """A Mattermost bulk export whose words are as unevenly common as those of a language."""
    weights = [1 / (n + 2) for n in range(len(words))]
    total = 0
    cumulative = [total := total + w for w in weights]
    with open(path, "w") as out:
        def line(kind, **value):
            out.write(json.dumps({"type": kind, kind: value}) + "\n")

        out.write('{"type":"version","version":1}\n')
        line("team", name="team", display_name="Team", type="I")
        channels = [f"room-{n}" for n in range(ROOMS)]
        for name in channels:
            line("channel", team="team", name=name, display_name=name, type="O")
        member = [{"name": name, "roles": "channel_user"} for name in channels]
        for n in range(PEOPLE):
            teams = [{"name": "team", "roles": "team_user", "channels": member}]
            line("user", username=f"person-{n}", email=f"{n}@example.org", roles="system_user",
                 teams=teams)
        # The owner of the benchmark is among them, so that the searches see all rooms.
        line("user", username="owner", email="owner@example.org", roles="system_admin system_user",
             teams=[{"name": "team", "roles": "team_user", "channels": member}])
        at = 1_600_000_000_000
        said = rng.choices(words, cum_weights=cumulative, k=200_000)
        for n in range(count):
            at += rng.randint(1, 60_000)
            first = rng.randrange(len(said) - 20)
            text = " ".join(said[first : first + rng.randint(4, 18)])
            line("post", team="team", channel=rng.choice(channels),
                 user=f"person-{rng.randrange(PEOPLE)}", message=text, create_at=at)


def ask(connection, token, query):
    path = "/api/v1/search?limit=20&q=" + urllib.parse.quote(query)
    start = time.monotonic()
    connection.request("GET", path, headers={"Authorization": f"Bearer {token}"})
    answer = connection.getresponse()
    body = json.loads(answer.read())
    if answer.status == 429:
        time.sleep(body["after_ms"] / 1000)
        return ask(connection, token, query)
    if answer.status != 200:
        raise SystemExit(f"search {query!r}: {answer.status} {body}")
    return body, (time.monotonic() - start) * 1000


def queries(words, rng):
    """Common and rare words, pairs, phrases' beginnings, and one room only."""
    while True:
        common, rare = words[rng.randrange(30)], words[rng.randrange(1000, WORDS)]
        yield from [rare, common, f"{common} {rare}", f"in:room-{rng.randrange(ROOMS)} {common}"]


def wait_indexed(server):
    """The index is filled behind the messages: wait until the server has nothing to do."""
    deadline = time.monotonic() + 600
    while time.monotonic() < deadline:
        before = server.cpu_s()
        time.sleep(2)
        if server.cpu_s() - before < 0.05:
            return
    raise SystemExit("the search index is not filled")


def search(server, words, rng):
    connection = http.client.HTTPConnection("127.0.0.1", server.port)
    token = server.token_file.read_text()
    made = queries(words, rng)
    return [ask(connection, token, next(made))[1] for _ in range(SEARCHES)]
