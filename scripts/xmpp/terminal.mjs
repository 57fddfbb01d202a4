/** A terminal with Profanity in it: typed into and read as a person does, by way of tmux. */
import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** Longest that anything may take to be on the screen. */
const PATIENCE_MS = 20_000;

/** What a person would have set: no banner, and a server that is gone is tried again every second. */
const SETTINGS = `[ui]
splash=false
[connection]
reconnect=1
[chatstates]
outtype=true
`;

export class Terminal {
  #dir = mkdtempSync(join(tmpdir(), "leeward-terminal-"));
  #socket = join(this.#dir, "tmux");

  constructor({ columns = 100, rows = 30 } = {}) {
    const config = join(this.#dir, "config/profanity");
    mkdirSync(config, { recursive: true });
    writeFileSync(join(config, "profrc"), SETTINGS);
    const home = ["config", "data"].map((kind) => {
      return `XDG_${kind.toUpperCase()}_HOME=${join(this.#dir, kind)}`;
    });
    const size = ["-x", columns, "-y", rows].map(String);
    const env = ["env", "LANG=C.UTF-8", "TERM=screen-256color", ...home];
    this.#tmux("new-session", "-d", ...size, ...env, "profanity");
  }

  #tmux(...args) {
    // Neither the server nor the settings of whoever runs this.
    const own = ["-S", this.#socket, "-f", "/dev/null"];
    return execFileSync("tmux", [...own, ...args], { encoding: "utf8" });
  }

  /** What is on the screen, with or without its colours. */
  screen({ colours = false } = {}) {
    return this.#tmux("capture-pane", "-p", ...(colours ? ["-e"] : []));
  }

  keys(...keys) {
    this.#tmux("send-keys", ...keys);
  }

  /** Types a line and sends it off. */
  type(line) {
    this.#tmux("send-keys", "-l", line);
    this.keys("Enter");
  }

  /** Waits until the screen shows it; resolves to the screen. */
  async shows(wanted, wait = PATIENCE_MS) {
    const is = (screen) => (wanted instanceof RegExp ? wanted.test(screen) : screen.includes(wanted));
    const until = Date.now() + wait;
    for (;;) {
      const screen = this.screen();
      if (is(screen)) return screen;
      if (Date.now() > until) throw new Error(`never shown: ${wanted}\n${screen}`);
      await new Promise((next) => setTimeout(next, 50));
    }
  }

  end() {
    try {
      this.#tmux("kill-server");
    } finally {
      rmSync(this.#dir, { recursive: true, force: true });
    }
  }
}

/** Signs in at a port of this machine, whose certificate nobody has vouched for. */
export async function signIn(terminal, at, name) {
  await terminal.shows("/help");
  terminal.type(`/connect ${name}@${at.domain} server 127.0.0.1 port ${at.tcp} tls force`);
  await terminal.shows("Enter password:");
  terminal.type(at.password);
  await terminal.shows("Use '/tls always' to accept");
  terminal.type("/tls always");
  await terminal.shows(/\[TLS\] +\[online\]/);
  // It has asked for its rooms and is in them, though it shows none.
  await terminal.shows(`Autojoined ${at.room} as ${name}`);
}
