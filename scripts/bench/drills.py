"""Holds the drills of docs/benchmarks.md and writes what came of them there. See scripts/bench.sh."""

import json
import subprocess
import sys

BEGIN, END = "<!-- drills: generated -->", "<!-- end of drills -->"

# Name, what it is called, the flags, and the most seconds it may take.
DRILLS = [
    ("storm", "storm, 15,000 clients", ["storm", "--clients", "15000", "--compare", "naive"], 240),
    ("half", "storm, 15,000 clients, half of them naive",
     ["storm", "--clients", "15000", "--species", "leeward:50,naive:50"], 180),
    ("mixed", "storm, 15,000 clients, half of them of ten other makes",
     ["storm", "--clients", "15000", "--species", "mixed"], 300),
    ("xmpp", "storm, 5,000 clients of XMPP, of eleven makes",
     ["storm", "--clients", "5000", "--species", "xmpp-mixed"], 240),
    ("mural", "mural, 8,000 clients with TLS, a third with an old build",
     ["mural", "--clients", "8000"], 180),
    ("gitter", "gitter, 5,000 clients", ["gitter", "--clients", "5000"], 150),
    ("hipchat", "hipchat, 5,000 clients", ["hipchat", "--clients", "5000"], 150),
    ("ryver", "ryver, 2,000 clients", ["ryver", "--clients", "2000"], 180),
]


def hold(leeward, work):
    """Every drill, one after the other; a drill that cannot be held does not end the others."""
    reports = {}
    for name, _, flags, seconds in DRILLS:
        pages = work / "drills" / name
        command = [leeward, "drill", *flags, "--json", "--report", pages]
        print("   leeward drill " + " ".join(flags), file=sys.stderr, flush=True)
        drill = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        try:
            out, _ = drill.communicate(timeout=seconds)
        except subprocess.TimeoutExpired:
            # Asked to stop, it ends its server too.
            drill.terminate()
            drill.communicate(timeout=60)
            reports[name] = {"failed": f"it took longer than {seconds} s"}
            continue
        if drill.returncode not in (0, 1):
            reports[name] = {"failed": f"it ended with status {drill.returncode}"}
            continue
        report = json.loads(out)
        for run in filter(None, (report["run"], report["control"])):
            # The curves are on the pages; here they would be most of the file.
            run["points"] = []
        reports[name] = report
        broken = [p["name"] for p in report["promises"] if not p["held"]]
        print(f"   {'broke: ' + ', '.join(broken) if broken else 'held'}", file=sys.stderr, flush=True)
    return reports


def write(path, reports):
    text = path.read_text()
    before, rest = text.split(BEGIN)
    _, after = rest.split(END)
    path.write_text(before + BEGIN + "\n" + "\n".join(lines(reports)) + "\n" + END + after)


def lines(reports):
    known = [r for r in reports.values() if "run" in r]
    if known:
        yield f"Machine: {known[0]['machine']}, loopback. {known[0]['at']}."
        yield ""
    yield "| drill | mu | T* | all back | those who obey | survivors' p99 before, during | attempts each | lost, duplicated, reordered | server CPU each | promises |"
    yield "|---|---|---|---|---|---|---|---|---|---|"
    for name, words, _, _ in DRILLS:
        report = reports.get(name)
        if report is None:
            continue
        if "failed" in report:
            yield row(words, *["–"] * 8, report["failed"])
            continue
        yield row(words, *figures(report["run"]), promises(report))
        if report["control"]:
            yield row("… its control: no storm control, all naive", *figures(report["control"]), "–")
    yield ""
    yield "| promise | bound | measured | |"
    yield "|---|---|---|---|"
    for name, words, _, _ in DRILLS:
        for promise in reports.get(name, {}).get("promises", []):
            held = "held" if promise["held"] else "**broke**"
            yield row(f"{name}: {promise['words']}", promise["bound"], promise["measured"], held)


def row(*cells):
    return "| " + " | ".join(cells) + " |"


def figures(run):
    def took(seconds):
        if run["steered"]:
            return "–"
        if seconds is None:
            return f"not in {run['patience_s']:.0f} s"
        return f"{seconds:.2f} s = {seconds / max(run['t_star_s'], 1e-9):.2f} T*"

    back = sum(kind["back"] for kind in run["kinds"])
    knocks = sum(kind["knocks"] for kind in run["kinds"])
    before, during = run["survivors"]["before"], run["survivors"]["during"]
    verdict = run["verdict"]
    return [
        f"{run['mu']['per_s']:,.0f}/s",
        "–" if run["steered"] else f"{run['t_star_s']:.2f} s",
        took(run["recovery_s"]),
        took(run["obedient_s"]) if run["obedient_s"] is not None else "–",
        f"{before['p99_ms']:.1f}, {during['p99_ms']:.1f} ms",
        "–" if run["steered"] else f"{knocks / max(back, 1):.2f}",
        f"{verdict['lost']}, {verdict['duplicated']}, {verdict['reordered']}"
        f" of {verdict['events'] + verdict['posts']:,}",
        "–" if run["cpu_us_each"] is None or run["steered"] else f"{run['cpu_us_each']:.0f} µs",
    ]


def promises(report):
    broken = sum(not promise["held"] for promise in report["promises"])
    count = len(report["promises"])
    return f"{broken} of {count} broke" if broken else f"all {count} held"
