/** The screen of a terminal as a page: text with the colours that tmux says it has. */

const SIXTEEN = [
  ["#1c2128", "#e06c75", "#98c379", "#e5c07b", "#61afef", "#c678dd", "#56b6c2", "#d7dae0"],
  ["#5c6370", "#ff7b85", "#b5e890", "#ffd68a", "#82c4ff", "#dd9bf2", "#7fd6e2", "#ffffff"],
].flat();
/** Behind text the first eight are darker, so that any ink can be read on them. */
const BEHIND = ["#1c2128", "#7c2f38", "#35602b", "#7a5c1e", "#234a78", "#63357a", "#22606b", "#5c6370"];
/** What has no colour of its own: ink and paper. */
const PLAIN = { ink: "#d7dae0", paper: "#1c2128" };

/** One of the 256 colours. */
function colour(n) {
  if (n < 16) return SIXTEEN[n];
  if (n >= 232) {
    const grey = 8 + (n - 232) * 10;
    return `rgb(${grey},${grey},${grey})`;
  }
  const part = (of) => (of === 0 ? 0 : 55 + of * 40);
  const cube = n - 16;
  return `rgb(${part(Math.trunc(cube / 36))},${part(Math.trunc(cube / 6) % 6)},${part(cube % 6)})`;
}

/** How things look after a sequence of codes (ECMA-48, SGR). */
function after(look, codes) {
  let next = { ...look };
  for (let i = 0; i < codes.length; i += 1) {
    const code = codes[i];
    if (code === 0) next = {};
    else if (code === 1) next.bold = true;
    else if (code === 22) next.bold = false;
    else if (code === 7) next.turned = true;
    else if (code === 27) next.turned = false;
    else if (code >= 30 && code <= 37) next.ink = colour(code - 30);
    else if (code >= 90 && code <= 97) next.ink = colour(code - 82);
    else if (code >= 40 && code <= 47) next.paper = BEHIND[code - 40];
    else if (code >= 100 && code <= 107) next.paper = colour(code - 92);
    else if (code === 39) next.ink = undefined;
    else if (code === 49) next.paper = undefined;
    else if ((code === 38 || code === 48) && codes[i + 1] === 5) {
      next[code === 38 ? "ink" : "paper"] = colour(codes[i + 2]);
      i += 2;
    }
  }
  return next;
}

function escaped(text) {
  return text.replace(/[&<>]/g, (c) => `&#${c.charCodeAt(0)};`);
}

function span(text, { ink = PLAIN.ink, paper = PLAIN.paper, bold, turned }) {
  if (text === "") return "";
  const [front, back] = turned ? [paper, ink] : [ink, paper];
  const weight = bold ? ";font-weight:bold" : "";
  return `<span style="color:${front};background:${back}${weight}">${escaped(text)}</span>`;
}

/** A page with a window of this title, and the screen in it. */
export function painted(title, screen) {
  let look = {};
  const lines = screen.replace(/\n$/, "").split("\n");
  const width = Math.max(...lines.map((line) => line.replace(/\x1b\[[\d;]*m/g, "").length));
  const drawn = lines.map((line) => {
    let out = "";
    let length = 0;
    for (const [, codes, text] of line.matchAll(/(?:\x1b\[([\d;]*)m)?([^\x1b]*)/g)) {
      if (codes !== undefined) look = after(look, codes.split(";").map(Number));
      out += span(text, look);
      length += text.length;
    }
    // A coloured bar reaches the edge; a line without a word is none.
    return length === 0 ? "" : out + span(" ".repeat(width - length), look);
  });
  return `<!doctype html><meta charset="utf-8"><style>
    body { margin: 0; background: white; }
    figure { display: inline-block; margin: 12px; background: ${PLAIN.paper}; border-radius: 8px;
      box-shadow: 0 1px 6px #0006; overflow: hidden; }
    figcaption { font: 13px sans-serif; text-align: center; color: #444; background: #e4e6ea;
      padding: 6px; }
    pre { font: 15px/1.3 "DejaVu Sans Mono", monospace; margin: 8px; }
    </style><figure><figcaption>${escaped(title)}</figcaption><pre>${drawn.join("\n")}</pre></figure>`;
}
