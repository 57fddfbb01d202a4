// What stands beside the plots: tables and lists, changed in place so that nothing loses its focus.
const byId = (id) => document.getElementById(id);

/** Sets a text, where it differs. */
function put(node, text) {
  if (node.textContent !== text) node.textContent = text;
}

function el(tag, attributes, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes ?? {})) {
    if (value !== undefined) node.setAttribute(name, value);
  }
  node.append(...children);
  return node;
}

/** Has a list hold one row for each item, made once and changed in place. */
function rowsOf(body, items, make, change) {
  while (body.children.length > items.length) body.lastChild.remove();
  items.forEach((item, i) => {
    if (!body.children[i]) body.append(make(item, i));
    change(body.children[i], item, i);
  });
}

function showSentence(status) {
  const end = status.sentence.indexOf(". ") + 1 || status.sentence.length;
  put(byId("head"), status.sentence.slice(0, end));
  const rest = byId("rest");
  const said = status.sentence.slice(end).trim();
  if (rest.dataset.said !== said) {
    rest.dataset.said = said;
    const parts = said.split(" · ").filter(Boolean);
    rest.replaceChildren(
      ...parts.flatMap((part, i) => {
        const dot = i < parts.length - 1 ? [el("span", { class: "dot" }, "·")] : [];
        return [el("span", {}, part, ...dot), " "];
      }),
    );
  }
  document.body.dataset.state = status.state;
  document.title = `${status.sentence.slice(0, end)} Leeward console`;
  put(byId("up"), span(status.up_ms));
  put(byId("version"), status.version);
  put(byId("build"), status.build);
}

function showClasses(status, changeGate) {
  const make = (_, i) => {
    const button = el("button", { type: "button", class: "plain" });
    button.addEventListener("click", () => changeGate(i));
    const cells = [0, 1, 2, 3].map(() => el("td", { class: "n" }));
    return el("tr", {}, el("th", { scope: "row" }), el("td", {}, button), ...cells);
  };
  rowsOf(byId("classes").tBodies[0], status.classes, make, (row, item) => {
    const [name, gate, waiting, wait, admitted, refused] = row.children;
    put(name, className(item.class));
    const button = gate.firstChild;
    put(button, gateWords(item.gate));
    button.className = `plain word ${item.gate.state === "open" ? "good" : "warn"}`;
    button.title = item.gate.message ?? "";
    button.setAttribute("aria-label", `Gate of ${className(item.class)}: ${gateWords(item.gate)}`);
    button.disabled = item.class === "operator" || !hand.secret;
    put(waiting, grouped(item.waiting));
    put(wait, item.wait_ms ? span(item.wait_ms) : "–");
    put(admitted, grouped(item.admitted));
    put(refused, grouped(item.refused));
  });
}

/** A list of names with figures. */
function showFigures(id, figures) {
  const make = () => el("div", {}, el("dt"), el("dd"));
  rowsOf(byId(id), figures, make, (row, [name, value, tone]) => {
    put(row.firstChild, name);
    put(row.lastChild, value);
    row.lastChild.className = tone ?? "";
  });
}

function showNow(status) {
  const { rate, slots, connections } = status;
  const limit = rate.limit_per_s === null ? "none" : `${grouped(rate.limit_per_s)}/s`;
  showFigures("figures", [
    ["room for", grouped(connections.max)],
    ["waiting take", size(connections.waiting_bytes)],
    ["limit", limit],
    ["set by", rate.fixed_per_s === null ? (LIMITS[rate.limited_by] ?? rate.limited_by) : "the operator"],
    ["can finish", rate.mu_per_s ? `${grouped(rate.mu_per_s)}/s` : "–"],
    ["if all were lost", span(status.recover_ms)],
    ["asked to spread", span(status.spread_ms)],
    ["slots out", grouped(slots.out)],
    ["used in time", grouped(slots.kept)],
    ["early · late", `${grouped(slots.early)} · ${grouped(slots.late)}`],
    ["never used", grouped(slots.no_show)],
  ]);
}

const NODES = { this: "this node" };
const DEPENDENCIES = { store_write: "database writes", store_read: "database reads" };

function showMatrix(status) {
  const make = () => el("tr", {}, ...[0, 1, 2, 3, 4, 5].map((i) => el("td", i > 2 ? { class: "n" } : {})));
  rowsOf(byId("matrix").tBodies[0], status.matrix, make, (row, cell) => {
    const [node, dependency, state, ok, failed, p99] = row.children;
    put(node, NODES[cell.node] ?? cell.node);
    put(dependency, DEPENDENCIES[cell.dependency] ?? cell.dependency);
    const bad = cell.failed > 0;
    const idle = !bad && cell.ok === 0;
    put(state, bad ? "✕ fails" : idle ? "– idle" : "✓ well");
    state.className = `word ${bad ? "bad" : idle ? "" : "good"}`;
    put(ok, grouped(cell.ok));
    put(failed, grouped(cell.failed));
    put(p99, span(cell.p99_ms));
  });
}

function showGuard(status) {
  const { guard, leases } = status;
  const late = guard.watchdog_ms_ago !== null && guard.watchdog_ms_ago > 3000;
  showFigures("guard", [
    [
      "watchdog looked",
      guard.watchdog_ms_ago === null ? "–" : `${span(guard.watchdog_ms_ago)} ago`,
      late ? "bad" : "",
    ],
    ["limiter was wrong", grouped(guard.mismatches)],
    ["rebuilt", grouped(guard.rebuilds)],
    ["fell back", grouped(guard.fallbacks)],
    ["fixed rate", guard.static ? "held" : "no", guard.static ? "bad" : ""],
    ["leases held", grouped(leases.live)],
    ["ran out", grouped(leases.expired)],
    ["lease, looked at", span(leases.terms.visible.lease_ms)],
    ["lease, hidden", span(leases.terms.hidden.lease_ms)],
  ]);
}

function showShed(status) {
  const items = status.shed.length > 0 ? status.shed : [null];
  rowsOf(byId("shed"), items, () => el("li"), (row, item) => {
    row.className = item ? "" : "idle";
    put(row, item ? `${item.what}: ${item.why}` : "Nothing: everybody gets everything.");
  });
}

const TONES = { critical: "bad", warning: "warn", notice: "" };

function showDoctor({ doctor }) {
  const list = byId("doctor");
  const said = JSON.stringify(doctor);
  if (list.dataset.said === said) return;
  list.dataset.said = said;
  const items = doctor.findings.map((finding) =>
    el(
      "li",
      {},
      el("span", { class: `word ${TONES[finding.severity] ?? ""}` }, `${finding.severity}, ${finding.check}: `),
      `${finding.measured}; ${finding.will}.`,
      ...finding.change.map((line) => el("code", {}, line)),
    ),
  );
  const idle = doctor.worst === null ? "Has not looked yet." : "Finds nothing that will go wrong.";
  list.replaceChildren(...(items.length > 0 ? items : [el("li", { class: "idle" }, idle)]));
}

const ENTRIES_MAX = 200;
let latest = 0;

/** Adds to the journal what it does not show yet; entries come latest first. */
function showJournal(entries) {
  const fresh = entries.filter((entry) => entry.number > latest);
  if (fresh.length === 0) return;
  latest = fresh[0].number;
  const list = byId("journal");
  list.prepend(
    ...fresh.map((entry) => {
      const time = el("time", { datetime: new Date(entry.at).toISOString() }, clock(entry.at));
      return el("li", {}, time, " ", entry.text);
    }),
  );
  while (list.children.length > ENTRIES_MAX) list.lastChild.remove();
}

/** After another node has answered at this address, its journal is another. */
function forgetJournal() {
  latest = 0;
  byId("journal").replaceChildren();
}
