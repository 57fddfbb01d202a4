"""Writes the comparison into docs/benchmarks.md, between its markers."""

BEGIN, END = "<!-- xmpp: generated -->", "<!-- end of xmpp -->"
ORDER = ["leeward", "ejabberd", "prosody"]


def write(path, figures):
    text = path.read_text()
    before, rest = text.split(BEGIN)
    _, after = rest.split(END)
    path.write_text(before + BEGIN + "\n" + "\n".join(lines(figures)) + "\n" + END + after)


def lines(f):
    shown = [f[name] for name in ORDER if name in f]
    yield f"Machine: {f['machine']}. Date: {f['date']}."
    yield ""
    yield row("", *(server["version"] for server in shown))
    yield row(*["---"] * (len(shown) + 1)).replace(" ", "")
    sizes = sorted({int(size) for server in shown for size in server["storms"]})
    first = str(sizes[0]) if sizes else ""
    small = [server["storms"].get(first) for server in shown]
    yield row("server CPU per sign-in with room join", *(cell(r, sign_in) for r in small))
    yield row(f"memory per idle connection, {int(first or 0):,}", *(cell(r, memory) for r in small))
    for size in sizes:
        reports = [server["storms"].get(str(size)) for server in shown]
        yield row(f"storm, {size - 10:,} clients: all back after", *(cell(r, back) for r in reports))
        yield row("… of T\\*, and mu", *(cell(r, ratio) for r in reports))
        yield row("… attempts each; server CPU for each return", *(cell(r, attempts) for r in reports))
        yield row("… survivors' p50, p99 before", *(cell(r, quantiles("before")) for r in reports))
        yield row("… survivors' p50, p99 meanwhile", *(cell(r, quantiles("during")) for r in reports))
        yield row("… lost, duplicated, reordered", *(cell(r, amiss) for r in reports))
    halls = [server.get("hall") for server in shown]
    yield row("server CPU per delivery, room of 500, 20 messages/s", *(cell(r, hall) for r in halls))
    yield row("… of a bare `write` to as many sockets", *(cell(r, hall_bare) for r in halls))
    yield row("… send to seen, p50, p99", *(cell(r, hall_took) for r in halls))


def row(*cells):
    return "| " + " | ".join(cells) + " |"


def cell(report, words):
    return "–" if report is None else words(report)


def sign_in(r):
    s = r["sign_in"]
    return f"{s['server_cpu_us_each'] / 1000:.2f} ms" + all_in(s["clients"], r["clients"])


def all_in(have, wanted):
    return "" if have == wanted else f" ({have:,} of {wanted:,} in)"


def memory(r):
    return f"{r['idle']['rss_bytes_each'] / 1024:.1f} KiB"


def back(r):
    s = r["storm"]
    if s["all_back_s"] is not None:
        return f"{s['all_back_s']:.1f} s"
    return f"**never**: {s['back']:,} in after {s['ended_s']:.0f} s"


def ratio(r):
    s, mu = r["storm"], r["mu"]["per_s"]
    times = f"{s['of_t_star']:.2f} T\\*" if s["of_t_star"] else "–"
    return f"{times}, {mu:,.0f}/s"


def attempts(r):
    s = r["storm"]
    each = "–" if not s["back"] else f"{s['server_cpu_us_each'] / 1000:.2f} ms"
    return f"{s['attempts_each']:.1f}; {each}"


def quantiles(part):
    def words(r):
        q = r["storm"][part]
        unseen = r["storm"]["unseen"] if part == "during" else 0
        return took(q) + (f", {unseen} unseen" if unseen else "")
    return words


def took(q):
    return f"{q['p50_ms']:,.1f}, {q['p99_ms']:,.1f} ms"


def amiss(r):
    a = r["amiss"]
    return f"{a['lost']}, {a['duplicated']}, {a['reordered']} of {a['heard']:,}"


def hall(r):
    d = r["delivery"]
    late = "" if d["share"] > 0.98 else f" ({d['share'] * 100:.0f} % of them in time)"
    return f"{d['server_cpu_us_each']:.1f} µs{late}"


def hall_bare(r):
    return f"{r['delivery']['server_cpu_us_each'] / r['bare_us']:.2f} × {r['bare_us']:.1f} µs"


def hall_took(r):
    d = r["delivery"]
    return took(d["took"]) + (f", {d['unseen']} unseen" if d["unseen"] else "")
