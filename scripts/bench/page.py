"""Writes the figures into docs/benchmarks.md, between its markers."""

BEGIN, END = "<!-- figures: generated -->", "<!-- end of figures -->"


def write(path, figures):
    text = path.read_text()
    before, rest = text.split(BEGIN)
    _, after = rest.split(END)
    path.write_text(before + BEGIN + "\n" + "\n".join(lines(figures)) + "\n" + END + after)


def lines(f):
    yield f"Machine: {f['machine']}. Date: {f['date']}."
    yield ""
    yield "| figure | aim | measured | beside it |"
    yield "|---|---|---|---|"
    yield from [row for part in (memory, arrivals, delivery, posts, start) for row in part(f)]
    yield ""
    yield from growth(f)


def row(*cells):
    return "| " + " | ".join(cells) + " |"


def kib(report):
    return f"{report['idle']['rss_bytes_each'] / 1024:.2f} KiB"


def took(q):
    return f"p50 {q['p50_ms']:.1f} ms, p99 {q['p99_ms']:.1f} ms"


def memory(f):
    for name, what, aim in [("idle", "", "4 KiB"), ("tls", ", TLS", "13 KiB")]:
        if name in f:
            r = f[name]
            share = r["idle"]["cpu_percent"]
            yield row(
                f"resident memory per idle connection, {r['clients']:,} in rooms of 50{what}",
                f"≤ {aim}", kib(r), f"{share:.1f} % of a core while silent",
            )


def arrivals(f):
    bare = f.get("bare", {}).get("1000")
    accept = f"bare `accept` {bare['accept_cpu_us']:.1f} µs" if bare else ""
    for name, what in [("idle", ""), ("tls", ", TLS")]:
        if name not in f:
            continue
        r = f[name]
        for part, words, aim in [("storm", "resumed", "≤ 120 µs"), ("sign_in", "signed-in", "–")]:
            a = r[part]
            yield row(
                f"server CPU per {words} connection, {a['clients']:,} in rooms of 50{what}",
                aim if not what else "–", f"{a['server_cpu_us_each']:.0f} µs",
                f"all in after {a['seconds']:.1f} s, {a['attempts_each']:.2f} attempts each"
                + (f"; {accept}" if accept else ""),
            )


def delivery(f):
    if "delivery" not in f:
        return
    report, bare = f["delivery"]["report"], f["delivery"]["bare"]
    light, most, half = report["delivery"], report["saturated"], report["half"]
    paced = bare["paced"]["write_cpu_us"]
    each = light["server_cpu_us_each"]
    yield row(
        "server CPU per delivery, 200-byte messages, 1,000 members, 20 messages/s",
        "≤ 1.4 × bare", f"{each:.2f} µs = {each / paced:.2f} × bare",
        f"bare `write` {paced:.2f} µs; {took(light['took'])}",
    )
    flat = bare["flat_out"]
    yield row(
        "deliveries per second, saturated", "–", f"{most['deliveries_per_s']:,.0f}",
        f"bare loop {flat['writes_per_s']:,.0f} ({flat['write_cpu_us']:.2f} µs each); "
        f"server {most['server_cpu_us_each']:.2f} µs each",
    )
    yield row(
        "send to seen at half of that", "p99 ≤ 20 ms", took(half["took"]),
        f"{half['deliveries_per_s']:,.0f} deliveries/s, {half['missing']} missing",
    )


def posts(f):
    if "posts" not in f:
        return
    p = f["posts"]["posts"]
    yield row(
        f"acknowledged posts per second, {p['writers']} writers, durable",
        "≥ 15,000, p99 ≤ 60 ms", f"{p['per_s']:,.0f}/s, {took(p['took'])}",
        f"server {p['server_cpu_us_each']:.0f} µs each",
    )


def start(f):
    most = f.get("history", {}).get("1000000")
    if most:
        yield row("start to `/readyz` with 1,000,000 messages", "≤ 2 s", f"{most['ready_s']:.2f} s",
                  f"imported at {most['import_per_s']:,.0f} messages/s")
        yield row("search among them", "p95 ≤ 100 ms", f"p95 {most['search_p95_ms']:.1f} ms",
                  f"p50 {most['search_p50_ms']:.1f} ms, longest {most['search_max_ms']:.1f} ms")


def growth(f):
    reports = dict(f.get("growth", {}))
    if "idle" in f:
        reports["15000"] = f["idle"]
    if reports:
        yield "| connections | KiB each, idle | CPU per sign-in | CPU per resume | all back after |"
        yield "|---|---|---|---|---|"
        for count, r in reports.items():
            yield row(
                f"{int(count):,}", f"{r['idle']['rss_bytes_each'] / 1024:.2f}",
                f"{r['sign_in']['server_cpu_us_each']:.0f} µs",
                f"{r['storm']['server_cpu_us_each']:.0f} µs", f"{r['storm']['seconds']:.2f} s",
            )
        yield ""
    if "history" in f:
        yield "| messages | start to `/readyz` | search p50 | search p95 |"
        yield "|---|---|---|---|"
        for count, h in f["history"].items():
            yield row(f"{int(count):,}", f"{h['ready_s']:.2f} s", f"{h['search_p50_ms']:.1f} ms",
                      f"{h['search_p95_ms']:.1f} ms")
