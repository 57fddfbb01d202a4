// How figures are written. Knows neither the page nor the server.
const number = new Intl.NumberFormat("en", { maximumFractionDigits: 0 });
const grouped = (n) => (n === null || n === undefined ? "–" : number.format(n));
const two = (n) => String(n).padStart(2, "0");

/** A moment by the clock on the wall: 14:03:12. */
function clock(at) {
  const time = new Date(at);
  return `${two(time.getHours())}:${two(time.getMinutes())}:${two(time.getSeconds())}`;
}

/** A duration as one reads it: 850 µs, 3.2 ms, 41 ms, 1.8 s, 16 s, 2 min 30 s, 15 min, 2 h 5 min, 4 days. */
function span(ms) {
  if (ms === null || ms === undefined) return "–";
  if (ms <= 0) return "0";
  if (ms < 0.95) return `${Math.round(ms * 1000)} µs`;
  if (ms < 9.95) return `${ms.toFixed(1)} ms`;
  if (ms < 999.5) return `${Math.round(ms)} ms`;
  const s = ms / 1000;
  if (s < 9.95) return `${s.toFixed(1)} s`;
  if (s < 99.5) return `${Math.round(s)} s`;
  if (s < 600) return `${Math.floor(s / 60)} min${Math.round(s) % 60 ? ` ${Math.round(s) % 60} s` : ""}`;
  const min = Math.round(s / 60);
  if (min < 100) return `${min} min`;
  const hours = Math.floor(min / 60);
  if (hours < 48) return `${hours} h ${min % 60} min`;
  return `${Math.floor(hours / 24)} days`;
}

/** A size: 12.5 MiB. */
function size(bytes) {
  const units = ["bytes", "KiB", "MiB", "GiB"];
  let unit = 0;
  let value = bytes;
  while (value >= 1024 && unit < 3) {
    value /= 1024;
    unit += 1;
  }
  return `${unit === 0 || value >= 100 ? Math.round(value) : value.toFixed(1)} ${units[unit]}`;
}

const CLASSES = {
  operator: "operator",
  resume_here: "resuming here",
  resume_elsewhere: "resuming, moved",
  sign_in: "sign-in",
  guest: "guest",
  stale: "stale build",
  stranger: "stranger",
};
const className = (name) => CLASSES[name] ?? name.replaceAll("_", " ");

const LIMITS = {
  none: "nothing",
  cpu: "CPU",
  delay: "delay",
  memory: "memory",
  connections: "connections",
  gate: "gate",
  static: "fixed rate",
  start: "start-up",
};

/** What a gate does, in a word or two. */
function gateWords(gate) {
  if (gate.state === "paced") return `paced, ${grouped(gate.per_s)}/s`;
  return gate.state;
}

/** The next even number above a value, whose half is even too. */
function roundUp(value, least) {
  const wanted = Math.max(value, least);
  const power = 10 ** Math.floor(Math.log10(wanted));
  for (const step of [1, 1.2, 1.6, 2, 2.4, 3, 4, 5, 6, 8, 10]) if (step * power >= wanted) return step * power;
  return wanted;
}
