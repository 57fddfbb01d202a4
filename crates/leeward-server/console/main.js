// The page: what the server streams, shown. A stream that is cut is said to be, with the time of what
// is shown; it is asked for again until it is back.
const SPAN_NAMES = { 60: "minute", 180: "3 minutes", 600: "10 minutes" };
const SILENT_MS = 3500;
const ROWS_MAX = 601;
const view = { rows: [], span: 180, chosen: null, shown: 0, drawn: true };

const camel = (name) => name.replace(/_us$/, "").replace(/_(\w)/g, (_, c) => c.toUpperCase());

async function readHistory() {
  const answer = await fetch("/api/storm/history");
  if (!answer.ok) return;
  const { columns, limits, rows } = await answer.json();
  const names = columns.map(camel);
  view.rows = rows.map((values) => {
    const row = Object.fromEntries(names.map((name, i) => [name, values[i]]));
    row.limitedBy = limits[row.limitedBy];
    return row;
  });
}

/** A row of the plots from the document; the last row is replaced within its second. */
function addRow(status) {
  const { connections, rate, slots, users } = status;
  const us = (ms) => (ms === null ? 0 : ms * 1000);
  const row = {
    at: status.now,
    ...connections,
    arrivals: rate.arrivals_per_s,
    admissions: rate.admissions_per_s,
    refusals: rate.refusals_per_s,
    limit: rate.limit_per_s ?? 0,
    limitedBy: rate.limited_by,
    promised: slots.promised_per_s,
    kept: slots.kept_per_s,
    sendP50: us(users.send_to_seen_ms.p50),
    sendP95: us(users.send_to_seen_ms.p95),
    syncP50: us(users.in_sync_ms.p50),
    syncP95: us(users.in_sync_ms.p95),
  };
  const last = view.rows.at(-1);
  if (last && Math.floor(last.at / 1000) === Math.floor(row.at / 1000)) view.rows.pop();
  view.rows.push(row);
  if (view.rows.length > ROWS_MAX) view.rows.splice(0, view.rows.length - ROWS_MAX);
}

function makePlots() {
  const axis = byId("axis");
  for (const plot of PLOTS) {
    plot.canvas = el("canvas", { class: "plot", "aria-hidden": "true" });
    plot.keys = plot.series.map((series) => {
      const canvas = el("canvas", { "aria-hidden": "true" });
      const value = el("i");
      return { canvas, value, node: el("span", { class: "key" }, canvas, `${series.name} `, value) };
    });
    const caption = el("figcaption", {}, el("b", {}, plot.name), ...plot.keys.map((key) => key.node));
    axis.append(el("figure", plot.tall ? { class: "tall" } : {}, caption, plot.canvas));
  }
}

/** The rows in view, and from when to when it goes. */
function inView() {
  const to = view.rows.at(-1)?.at ?? Date.now();
  const from = to - view.span * 1000;
  // One more, so that lines begin at the edge.
  const first = view.rows.findIndex((row) => row.at >= from);
  return { rows: view.rows.slice(Math.max(0, first - 1)), from, to };
}

function draw() {
  view.drawn = true;
  const { rows, from, to } = inView();
  const chosen = view.chosen === null ? null : nearest(rows, view.chosen);
  const row = chosen ?? rows.at(-1);
  PLOTS.forEach((plot, i) => {
    drawPlot(plot, rows, { from, to, chosen, last: i === PLOTS.length - 1 });
    plot.series.forEach((series, j) => {
      const { canvas, value } = plot.keys[j];
      drawKey(canvas, series, row);
      const shown = row ? plot.unit(row[series.key]) : "–";
      const none = series.reason && row && !row[series.key];
      const why = series.reason && row && !none ? ` (${LIMITS[row[series.reason]]})` : "";
      put(value, none ? "none" : shown + why);
    });
  });
  put(byId("when"), chosen ? `at ${clock(chosen.at)}` : "");
  const axis = byId("axis");
  axis.setAttribute("aria-valuemin", Math.round(from / 1000));
  axis.setAttribute("aria-valuemax", Math.round(to / 1000));
  axis.setAttribute("aria-valuenow", Math.round((row?.at ?? to) / 1000));
  if (chosen || !axis.dataset.told) axis.setAttribute("aria-valuetext", row ? readOut(row) : "nothing yet");
  axis.dataset.told = row ? "yes" : "";
}

const readOut = (row) =>
  `${clock(row.at)}: ${PLOTS.map((plot) =>
    plot.series.map((series) => `${series.name} ${plot.unit(row[series.key])}`).join(", "),
  ).join("; ")}`;

const nearest = (rows, at) =>
  rows.reduce((best, row) => (!best || Math.abs(row.at - at) < Math.abs(best.at - at) ? row : best), null);

function redraw() {
  if (!view.drawn) return;
  view.drawn = false;
  requestAnimationFrame(draw);
}

function chooseBy(event) {
  const box = PLOTS[0].canvas.getBoundingClientRect();
  const { from, to } = inView();
  const share = (event.clientX - box.left - LEFT) / (box.width - LEFT);
  view.chosen = share < 0 || share > 1 ? null : from + share * (to - from);
  redraw();
}

const STEPS = { ArrowLeft: -1, ArrowDown: -1, ArrowRight: 1, ArrowUp: 1, PageDown: -10, PageUp: 10 };

function chooseByKey(event) {
  const { rows } = inView();
  if (rows.length === 0) return;
  const at = view.chosen === null ? rows.length - 1 : rows.indexOf(nearest(rows, view.chosen));
  let next = at;
  if (event.key in STEPS) next = at + STEPS[event.key];
  else if (event.key === "Home") next = 0;
  else if (event.key === "End") next = rows.length - 1;
  else if (event.key !== "Escape") return;
  event.preventDefault();
  view.chosen = event.key === "Escape" ? null : rows[Math.min(Math.max(next, 0), rows.length - 1)].at;
  redraw();
}

let spokenAt = 0;
let spokenState = "";

/** Reads the sentence out when the state changes, and now and then while it is not calm. */
function speak(status) {
  const turned = status.state !== spokenState;
  if (!turned && (status.state === "calm" || status.now - spokenAt < 15000)) return;
  spokenState = status.state;
  spokenAt = status.now;
  put(byId("aloud"), status.sentence);
}

function show(status) {
  if (hand.status && status.up_ms < hand.status.up_ms) forgetJournal();
  hand.status = status;
  view.shown = performance.now();
  if (document.body.dataset.stale !== "no") document.body.dataset.stale = "no";
  put(byId("stamp-words"), `live · ${clock(status.now)}`);
  addRow(status);
  showSentence(status);
  showClasses(status, askGate);
  showNow(status);
  showMatrix(status);
  showShed(status);
  showGuard(status);
  showDoctor(status);
  showJournal(status.journal);
  showHand();
  speak(status);
  redraw();
}

function stale() {
  if (document.body.dataset.stale === "yes" && view.shown !== 0 && byId("stamp-words").dataset.cut) return;
  document.body.dataset.stale = "yes";
  const words = byId("stamp-words");
  words.dataset.cut = "yes";
  put(words, hand.status ? `as of ${clock(hand.status.now)} · the stream is cut, asking again…` : "the server does not answer, asking again…");
  put(byId("aloud"), words.textContent);
  showHand();
}

let stream = null;

function listen() {
  stream?.close();
  stream = new EventSource("/api/storm/stream");
  stream.addEventListener("open", () => readHistory().then(redraw, () => {}));
  stream.addEventListener("status", (event) => {
    delete byId("stamp-words").dataset.cut;
    show(JSON.parse(event.data));
  });
  stream.addEventListener("journal", (event) => showJournal([JSON.parse(event.data)]));
}

function attend() {
  if (performance.now() - view.shown > SILENT_MS) {
    stale();
    // A stream that was refused, or that hangs, is not asked for again by itself.
    if (stream.readyState === EventSource.CLOSED || performance.now() - view.shown > 4 * SILENT_MS) {
      if (view.shown !== 0) view.shown = performance.now() - SILENT_MS - 1;
      listen();
    }
  }
}

readColors();
makePlots();
readyHand();
showHand();
const axis = byId("axis");
axis.addEventListener("pointermove", chooseBy);
axis.addEventListener("pointerdown", chooseBy);
axis.addEventListener("pointerleave", () => {
  view.chosen = null;
  redraw();
});
axis.addEventListener("keydown", chooseByKey);
for (const button of document.querySelectorAll("[data-span]")) {
  button.addEventListener("click", () => {
    view.span = Number(button.dataset.span);
    for (const other of document.querySelectorAll("[data-span]")) {
      other.setAttribute("aria-pressed", String(other === button));
    }
    put(byId("span-name"), SPAN_NAMES[view.span]);
    redraw();
  });
}
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => {
  readColors();
  redraw();
});
new ResizeObserver(redraw).observe(axis);
listen();
setInterval(attend, 1000);
