// The operator's hand: commands, each asked for first. They need the secret that the server wrote into
// its data directory; it is asked for once, and forgotten with the tab.
const KEY = "leeward-operator-secret";
const hand = { secret: "", status: null };

function takeSecret() {
  const given = new URLSearchParams(location.hash.slice(1)).get("secret");
  if (given) {
    sessionStorage.setItem(KEY, given);
    // Out of the address bar, and out of what is shared from it.
    history.replaceState(null, "", location.pathname);
  }
  hand.secret = sessionStorage.getItem(KEY) ?? "";
}

async function command(body) {
  const answer = await fetch("/command", {
    method: "POST",
    headers: { authorization: `Bearer ${hand.secret}`, "content-type": "application/json" },
    body: JSON.stringify(body),
  }).catch(() => null);
  if (!answer) return "The server does not answer.";
  if (answer.ok) return "";
  if (answer.status === 401) {
    forgetSecret();
    return "The secret is not this server's.";
  }
  const refusal = await answer.json().catch(() => ({}));
  return refusal.message || refusal.code || `The server answered ${answer.status}.`;
}

function forgetSecret() {
  hand.secret = "";
  sessionStorage.removeItem(KEY);
  showHand();
}

/**
 * Asks in the dialog. `fields`: `{name, label, type, value, options}`; `deed` gets their values and
 * returns what went wrong, or nothing. Resolves when the dialog is closed.
 */
function ask({ name, words, yes, grave, fields = [], deed }) {
  const dialog = byId("ask");
  put(byId("ask-name"), name);
  put(byId("ask-words"), words);
  put(byId("ask-fault"), "");
  const accept = byId("ask-yes");
  put(accept, yes);
  accept.classList.toggle("grave", Boolean(grave));
  const inputs = fields.map((field) => {
    if (!field.options) {
      const { type = "text", value = "", ...rest } = field;
      return el("input", { name: rest.name, type, value, min: rest.min, max: rest.max, maxlength: rest.maxlength, autocomplete: "off", required: rest.required });
    }
    const options = field.options.map(([value, label]) => {
      const option = el("option", { value }, label);
      option.selected = value === field.value;
      return option;
    });
    return el("select", { name: field.name }, ...options);
  });
  byId("ask-fields").replaceChildren(
    ...inputs.map((input, i) => el("label", {}, fields[i].label, input)),
  );
  const form = dialog.querySelector("form");
  form.onsubmit = async (event) => {
    event.preventDefault();
    accept.disabled = true;
    const fault = await deed(Object.fromEntries(inputs.map((input) => [input.name, input.value])));
    accept.disabled = false;
    put(byId("ask-fault"), fault || "");
    if (!fault) dialog.close();
  };
  byId("ask-no").onclick = () => dialog.close();
  dialog.showModal();
  (inputs[0] ?? byId("ask-no")).focus();
}

const touched = (status) =>
  `Nobody who is connected is touched: ${grouped(status.connections.live)} stay. ` +
  `${grouped(status.connections.waiting)} wait at the door.`;

const allShut = (status) =>
  status.classes.every((item) => item.class === "operator" || item.gate.state === "closed");

const AFTER_MS = 30000;

function gateCommand(name, state, { per_s, message }) {
  const gate = { state };
  if (state === "paced") Object.assign(gate, { per_s: Number(per_s), message });
  if (state === "closed") Object.assign(gate, { after_ms: AFTER_MS, message });
  return command({ command: "gate", class: name, gate });
}

function askPause() {
  const { status } = hand;
  const shut = allShut(status);
  ask({
    name: shut ? "Let people in again?" : "Let nobody in?",
    words: shut
      ? `The gate is opened for everybody. ${grouped(status.connections.waiting)} wait; the limiter sets their pace.`
      : `The gate is closed for everybody but operators until you open it. ${touched(status)}`,
    yes: shut ? "Open the gate" : "Close the gate",
    grave: !shut,
    deed: () => gateCommand(null, shut ? "open" : "closed", { message: "" }),
  });
}

function askMaintenance() {
  ask({
    name: "Close the gate for maintenance?",
    words: `Whoever comes is told your words and when to ask again. ${touched(hand.status)}`,
    yes: "Close the gate",
    grave: true,
    fields: [
      { name: "message", label: "What they are told", value: "We are working on the server. Please come back in a few minutes.", maxlength: 200, required: "" },
    ],
    deed: ({ message }) => gateCommand(null, "closed", { message }),
  });
}

function askGate(i) {
  const item = hand.status.classes[i];
  const { gate } = item;
  ask({
    name: `Gate of ${className(item.class)}`,
    words: touched(hand.status),
    yes: "Set the gate",
    fields: [
      {
        name: "state",
        label: "The gate is",
        value: gate.state,
        options: [["open", "open"], ["paced", "paced"], ["closed", "closed"]],
      },
      { name: "per_s", label: "Where paced: so many a second", type: "number", min: 1, max: 1000000, value: gate.per_s ?? 50 },
      { name: "message", label: "What those are told who wait", value: gate.message ?? "", maxlength: 200 },
    ],
    deed: (given) => gateCommand(item.class, given.state, given),
  });
}

function askRate(factor) {
  const { rate } = hand.status;
  const base = rate.limit_per_s ?? rate.mu_per_s ?? 100;
  const wanted = Math.max(1, Math.round((base || 100) * factor));
  ask({
    name: "Set the rate by hand?",
    words: `The limiter allows ${rate.limit_per_s === null ? "as many as come" : `${grouped(rate.limit_per_s)}/s`}, set by ${rate.fixed_per_s === null ? (LIMITS[rate.limited_by] ?? rate.limited_by) : "the operator"}. A rate of yours holds until you give it back.`,
    yes: "Set the rate",
    fields: [
      { name: "whose", label: "Who sets it", value: "mine", options: [["mine", "I do"], ["limiter", "the limiter, by what it measures"]] },
      { name: "per_s", label: "Where I do: so many a second", type: "number", min: 1, max: 1000000, value: wanted },
    ],
    deed: ({ whose, per_s }) => command({ command: "rate", per_s: whose === "mine" ? Number(per_s) : null }),
  });
}

function askDrain() {
  const { status } = hand;
  if (status.state === "drain") {
    ask({
      name: "End the drain?",
      words: "Those who are still here stay, and people are let in again.",
      yes: "End the drain",
      deed: () => command({ command: "end_drain" }),
    });
    return;
  }
  ask({
    name: "Drain this node?",
    words: `Each of ${grouped(status.connections.live)} connections is told when to come back, and closed at its time. Nothing that was sent is lost.`,
    yes: "Drain",
    grave: true,
    fields: [{ name: "over", label: "Over so many seconds", type: "number", min: 1, max: 3600, value: 120 }],
    deed: ({ over }) => command({ command: "drain", over_ms: Number(over) * 1000 }),
  });
}

function askKey() {
  if (hand.secret) {
    forgetSecret();
    return;
  }
  ask({
    name: "The operator's secret",
    words: "It is in operator.json in the server's data directory. It stays in this tab and is forgotten with it.",
    yes: "Use it",
    fields: [{ name: "secret", label: "Secret", type: "password", required: "" }],
    deed: async ({ secret }) => {
      // Shown to be right by the server when it is first used.
      sessionStorage.setItem(KEY, secret.trim());
      takeSecret();
      showHand();
      return "";
    },
  });
}

/** Shows what the hand can do at this moment. */
function showHand() {
  const { status, secret } = hand;
  const idle = !secret || !status || document.body.dataset.stale === "yes";
  for (const id of ["pause", "slower", "rate", "faster", "maintenance", "drain"]) byId(id).disabled = idle;
  put(byId("key"), secret ? "Forget the secret" : "Read-only · enter the secret");
  if (!status) return;
  const limit = status.rate.limit_per_s;
  put(byId("pause"), allShut(status) ? "Open the gate…" : "Pause…");
  put(byId("rate"), limit === null ? "no limit" : `${grouped(limit)}/s`);
  byId("rate").setAttribute("aria-label", `${byId("rate").textContent}, change the rate`);
  put(byId("drain"), status.state === "drain" ? "End the drain…" : "Drain…");
}

function readyHand() {
  takeSecret();
  byId("pause").onclick = askPause;
  byId("slower").onclick = () => askRate(0.8);
  byId("rate").onclick = () => askRate(1);
  byId("faster").onclick = () => askRate(1.25);
  byId("maintenance").onclick = askMaintenance;
  byId("drain").onclick = askDrain;
  byId("key").onclick = askKey;
  addEventListener("hashchange", () => {
    takeSecret();
    showHand();
  });
}
