// Four plots on one time axis, drawn on canvases at the screen's own resolution. What a line stands
// for is told by its dash, its pattern and its words, not by its colour alone.
const PLOTS = [
  {
    name: "Connections",
    tall: true,
    unit: grouped,
    least: 10,
    stack: true,
    series: [
      { key: "live", name: "live", color: "live" },
      { key: "admitting", name: "resuming", color: "resuming", fill: "lines" },
      { key: "waiting", name: "waiting", color: "waiting", fill: "slant" },
      { key: "gone", name: "gone", color: "gone", fill: "dots" },
    ],
  },
  {
    name: "At the door, per second",
    unit: grouped,
    least: 10,
    series: [
      { key: "arrivals", name: "arrivals", color: "arrivals", dash: [2, 3], width: 1.5 },
      { key: "admissions", name: "let in", color: "admissions", width: 2.2, area: true },
      { key: "refusals", name: "refused", color: "refusals", dash: [1, 2], width: 1.5 },
      { key: "limit", name: "limit", reason: "limitedBy", dash: [7, 3], width: 2 },
    ],
  },
  {
    name: "Reservations, per second",
    unit: grouped,
    least: 10,
    empty: "none needed",
    series: [
      { key: "promised", name: "promised", color: "soft", dash: [5, 3], width: 1.5, step: true },
      { key: "kept", name: "came", color: "accent", width: 2, step: true, area: true },
    ],
  },
  {
    name: "What people notice",
    unit: (us) => (us ? span(us / 1000) : "–"),
    log: true,
    empty: "nobody sent or joined",
    series: [
      { key: "sendP50", name: "send to seen p50", color: "accent", width: 2.2, gaps: true },
      { key: "sendP95", name: "p95", color: "accent", dash: [3, 3], width: 1.5, gaps: true },
      { key: "syncP50", name: "in sync p50", color: "amber", width: 2.2, gaps: true },
      { key: "syncP95", name: "p95", color: "amber", dash: [3, 3], width: 1.5, gaps: true },
    ],
  },
];
const LEFT = 58;
const FOOT = 16;

let colors = {};
const readColors = () => {
  const style = getComputedStyle(document.documentElement);
  colors = new Proxy({}, { get: (_, name) => style.getPropertyValue(`--${String(name)}`).trim() });
};

/** A canvas that is as fine as the screen. */
function fine(canvas) {
  const ratio = devicePixelRatio || 1;
  const { width, height } = canvas.getBoundingClientRect();
  const [wide, high] = [Math.round(width * ratio), Math.round(height * ratio)];
  if (canvas.width !== wide || canvas.height !== high) {
    canvas.width = wide;
    canvas.height = high;
  }
  const pen = canvas.getContext("2d");
  pen.setTransform(ratio, 0, 0, ratio, 0, 0);
  pen.clearRect(0, 0, width, height);
  return { pen, width, height };
}

/** Patterns over a colour, so that areas differ in print and to every eye. */
function hatch(pen, kind, { x, y, w, h }, ink) {
  pen.save();
  pen.clip();
  pen.strokeStyle = ink;
  pen.fillStyle = ink;
  pen.globalAlpha = 0.55;
  pen.lineWidth = 1;
  pen.beginPath();
  if (kind === "slant") {
    for (let at = x - h; at < x + w; at += 6) {
      pen.moveTo(at, y + h);
      pen.lineTo(at + h, y);
    }
  } else if (kind === "lines") {
    for (let at = y; at < y + h; at += 4) {
      pen.moveTo(x, at + 0.5);
      pen.lineTo(x + w, at + 0.5);
    }
  } else {
    for (let row = 0, at = y; at < y + h; row += 1, at += 5)
      for (let col = x + (row % 2) * 3; col < x + w; col += 6) pen.rect(col, at, 1.2, 1.2);
  }
  pen.stroke();
  pen.restore();
}

const patternInk = (series) => (series.fill === "dots" ? colors["gone-ink"] : colors.card);
const colorOf = (series, row) =>
  colors[series.reason ? (row?.[series.reason] ?? "none") : series.color];

/** The places on the page of one plot's values. */
function scaleOf(plot, rows, box) {
  if (plot.log) {
    const [low, high] = [Math.log10(500), Math.log10(60e6)];
    const y = (us) =>
      box.bottom - ((Math.log10(Math.max(us, 500)) - low) / (high - low)) * box.tall;
    return { y, marks: box.tall < 130 ? [1e3, 1e5, 1e7] : [1e3, 1e4, 1e5, 1e6, 1e7] };
  }
  const sum = (row) => plot.series.reduce((all, series) => all + row[series.key], 0);
  const most = (row) => Math.max(...plot.series.map((series) => row[series.key]));
  // A limit far above all that comes is not worth the room it takes.
  const busy = (row) => Math.max(row.arrivals, row.admissions, row.refusals);
  const shown = rows.map(plot.stack ? sum : most);
  const active = Math.max(0, ...rows.map(busy));
  const limited = plot.series.some((series) => series.key === "limit");
  const top = Math.max(0, ...shown);
  const most2 = limited ? Math.min(top, Math.max(active * 2, plot.least)) : top;
  const high = roundUp(most2 * 1.04, plot.least);
  const y = (value) => box.bottom - Math.min(1.02, value / high) * box.tall;
  return { y, marks: [high / 2, high] };
}

function trace(pen, points, step) {
  let last = null;
  for (const [x, y] of points) {
    if (last === null) pen.moveTo(x, y);
    else if (step) {
      pen.lineTo(x, last);
      pen.lineTo(x, y);
    } else pen.lineTo(x, y);
    last = y;
  }
}

function drawStack(pen, plot, rows, place) {
  const { x, y, box } = place;
  const below = rows.map(() => 0);
  for (const series of plot.series) {
    const lower = rows.map((row, i) => [x(row), y(below[i])]);
    rows.forEach((row, i) => {
      below[i] += row[series.key];
    });
    const upper = rows.map((row, i) => [x(row), y(below[i])]);
    if (rows.every((row) => row[series.key] === 0)) continue;
    pen.beginPath();
    trace(pen, [...upper, ...lower.reverse()]);
    pen.closePath();
    pen.fillStyle = colors[series.color];
    pen.fill();
    if (series.fill) {
      hatch(pen, series.fill, { x: LEFT, y: 0, w: box.wide, h: box.bottom }, patternInk(series));
    }
  }
}

function drawLine(pen, plot, series, rows, place) {
  const { x, y, box } = place;
  // Parts of one colour without a hole: each is one stroke.
  let part = [];
  const finish = () => {
    if (part.length > 0) {
      const points = part.map((row) => [x(row), y(row[series.key])]);
      if (points.length === 1) points.push([points[0][0] + 2, points[0][1]]);
      if (series.area && part.length > 1) {
        pen.beginPath();
        pen.moveTo(points[0][0], box.bottom);
        points.forEach(([px, py], i) => {
          if (series.step && i > 0) pen.lineTo(px, points[i - 1][1]);
          pen.lineTo(px, py);
        });
        pen.lineTo(points.at(-1)[0], box.bottom);
        pen.globalAlpha = 0.14;
        pen.fillStyle = colorOf(series, part[0]);
        pen.fill();
        pen.globalAlpha = 1;
      }
      pen.beginPath();
      trace(pen, points, series.step);
      pen.strokeStyle = colorOf(series, part[0]);
      pen.lineWidth = series.width;
      pen.setLineDash(series.dash ?? []);
      pen.lineJoin = "round";
      pen.stroke();
      pen.setLineDash([]);
      if (series.reason && points.at(-1)[0] - points[0][0] > 34) {
        pen.fillStyle = colorOf(series, part[0]);
        const words = LIMITS[part[0][series.reason]] ?? "";
        const high = points[0][1];
        pen.fillText(words, points[0][0] + 4, high < 14 ? high + 12 : high - 5);
      }
    }
    part = [];
  };
  for (const row of rows) {
    const none = (series.gaps || series.reason) && !row[series.key];
    const turned = series.reason && part.length > 0 && part[0][series.reason] !== row[series.reason];
    const hole = part.length > 0 && row.at - part.at(-1).at > 3500;
    if (none || turned || hole) {
      if (turned && !none && !hole) part.push({ ...row, [series.reason]: part[0][series.reason] });
      finish();
    }
    if (!none) part.push(row);
  }
  finish();
}

/** Draws one plot of the rows from `from` to `to`, with the crosshair on `chosen`. */
function drawPlot(plot, rows, { from, to, chosen, last }) {
  const { pen, width, height } = fine(plot.canvas);
  const bottom = height - (last ? FOOT : 4);
  const box = { wide: width - LEFT, tall: bottom - 6, bottom };
  const x = (row) => LEFT + ((row.at - from) / (to - from)) * box.wide;
  const { y, marks } = scaleOf(plot, rows, box);
  pen.font = '11.5px Inter, system-ui, "Segoe UI", sans-serif';
  pen.textBaseline = "alphabetic";
  pen.lineWidth = 1;
  for (const mark of [...(plot.log ? [] : [0]), ...marks]) {
    const at = Math.round(y(mark)) + 0.5;
    pen.strokeStyle = colors.line;
    pen.beginPath();
    pen.moveTo(LEFT, at);
    pen.lineTo(width, at);
    pen.stroke();
    pen.fillStyle = colors.soft;
    pen.textAlign = "right";
    if (mark > 0) pen.fillText(plot.unit(mark), LEFT - 7, Math.max(9, at + 4));
  }
  pen.textAlign = "left";
  const place = { x, y, box };
  pen.save();
  pen.beginPath();
  pen.rect(LEFT, 0, box.wide, bottom + 1);
  pen.clip();
  if (plot.stack) drawStack(pen, plot, rows, place);
  else for (const series of plot.series) drawLine(pen, plot, series, rows, place);
  pen.restore();
  if (plot.empty && rows.every((row) => plot.series.every((series) => !row[series.key]))) {
    pen.fillStyle = colors.soft;
    pen.fillText(plot.empty, LEFT + 8, bottom - 8);
  }
  if (last) drawTimes(pen, { from, to, height, width, x });
  if (chosen) {
    const at = Math.round(x(chosen)) + 0.5;
    pen.strokeStyle = colors.ink;
    pen.beginPath();
    pen.moveTo(at, 0);
    pen.lineTo(at, bottom);
    pen.stroke();
  }
}

function drawTimes(pen, { from, to, height, width, x }) {
  const wanted = (to - from) / Math.max(2, Math.floor((width - LEFT) / 92));
  const step = [5, 10, 15, 30, 60, 120, 300].find((s) => s * 1000 >= wanted) ?? 300;
  pen.fillStyle = colors.soft;
  pen.textAlign = "center";
  for (let at = Math.ceil(from / (step * 1000)) * step * 1000; at <= to; at += step * 1000) {
    const place = x({ at });
    if (place > LEFT + 22 && place < width - 22) pen.fillText(clock(at), place, height - 3);
  }
  pen.textAlign = "left";
}

/** The sample of a line beside its words. */
function drawKey(canvas, series, row) {
  const { pen, width, height } = fine(canvas);
  if (series.fill !== undefined || !series.width) {
    pen.beginPath();
    pen.rect(0, 0, width, height);
    pen.fillStyle = colors[series.color];
    pen.fill();
    if (series.fill) hatch(pen, series.fill, { x: 0, y: 0, w: width, h: height }, patternInk(series));
    return;
  }
  pen.strokeStyle = colorOf(series, row);
  pen.lineWidth = series.width;
  pen.setLineDash(series.dash ?? []);
  pen.beginPath();
  pen.moveTo(0, height / 2);
  pen.lineTo(width, height / 2);
  pen.stroke();
}
