"""Measures storms in virtual time and writes the figures into docs/benchmarks.md. See scripts/bench.sh."""

import json
import subprocess

BEGIN, END = "<!-- storms: generated -->", "<!-- end of storms -->"


def measure(examples, picture):
    """Runs the programs of leeward-sim; draws the basin map on the way."""
    def run(*command):
        done = subprocess.run([str(c) for c in command], stdout=subprocess.PIPE, text=True, check=True)
        return done.stdout

    figures = json.loads(run(examples / "storm_figures"))
    figures["basin"] = run(examples / "basin", picture).splitlines()
    figures["models"] = run(examples / "models").splitlines()
    return figures


def write(path, figures):
    text = path.read_text()
    before, rest = text.split(BEGIN)
    _, after = rest.split(END)
    path.write_text(before + BEGIN + "\n" + "\n".join(lines(figures)) + "\n" + END + after)


def lines(f):
    rows = [*f.get("policies", []), *([f["ten"]] if "ten" in f else []), *f.get("rho", [])]
    if rows:
        yield "| clients | mu | T* | rho | obey nobody | policy | all in after | those who obey | attempts each | refusals each |"
        yield "|---|---|---|---|---|---|---|---|---|---|"
        yield from map(storm, rows)
        yield ""
    if "ten" in f:
        t = f["ten"]
        yield (f"- {t['clients']:,} clients: {t['client_hours']:,.0f} client-hours in {t['cpu_s']:.0f} s of one core; "
               f"{ratio(t['recovery'])} (aim: ≤ 1.15).")
    if "goodput" in f:
        shares = ", ".join(f"{g['share_of_mu'] * 100:.0f} % at {g['times']} ×" for g in f["goodput"])
        yield f"- Finished, of mu, by how much is offered (aim: flat, ≥ 70 %): {shares}."
    if "seeds" in f:
        s = f["seeds"]
        broken = f"broken: {s['broken']}" if s["broken"] else "every property held in all"
        yield (f"- {s['seeds']:,} seeded worlds, {s['client_hours']:,.0f} client-hours, {s['faults']:,} faults: "
               f"{broken}.")
    if "leases" in f:
        leases = f["leases"]
        yield (f"- {leases['interleavings']:,} random interleavings of changes of terms: {leases['false_expiries']} "
               f"false expiries; with time-outs that parties share: {leases['control']:,}.")
    yield from (f"- Basin map, {line}." for line in f.get("basin", []))
    yield from (f"- Model: {line}." for line in f.get("models", []) if not line.startswith(" "))


def storm(r):
    return "| " + " | ".join([
        f"{r['clients']:,}", f"{r['mu_per_s']:,}/s", f"{r['least_s']:,.0f} s", f"{r['rho']:.2f}",
        f"{r['disobedient_percent']} %", r["policy"], in_after(r), ratio(r["recovery_of_obedient"]),
        f"{r['attempts_each']:.1f}", f"{r['refusals_each']:.2f}",
    ]) + " |"


def in_after(r):
    if r["recovery"] is not None:
        return ratio(r["recovery"])
    if "in_at_the_end" not in r:
        return f"never within {r['virtual_s'] / r['least_s']:.0f} × T*"
    share = r["in_at_the_end"] / r["clients"] * 100
    return f"never: {share:.1f} % in after {r['virtual_s'] / r['least_s']:.0f} × T*"


def ratio(number):
    return "never" if number is None else f"{number:.2f} × T*"
