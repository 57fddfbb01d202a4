/**
 * The real program in a directory of its own: started, killed and started again on the same port.
 */
import { spawn } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));
const START_MS = 30_000;

/** The program that is tested: the one named, the debug build, or the release. */
function program() {
  const named = process.env.LEEWARD_PROGRAM;
  const found = [named, join(ROOT, "target/debug/leeward"), join(ROOT, "target/release/leeward")];
  const path = found.find((p) => p && existsSync(p));
  if (!path) throw new Error("build the program first: cargo build -p leeward");
  return path;
}

/** A port that nobody has at this moment. */
function freePort() {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.on("error", reject);
    server.listen(0, "127.0.0.1", () => {
      const { port } = server.address();
      server.close(() => resolve(port));
    });
  });
}

export class Server {
  #child;
  #log = [];
  #options;
  #greeted;

  constructor(dir, port, operatorPort, options) {
    this.dir = dir;
    this.port = port;
    this.operatorPort = operatorPort;
    this.#options = options;
    this.url = `http://127.0.0.1:${port}`;
    this.operatorUrl = `http://127.0.0.1:${operatorPort}`;
  }

  /** A server in a fresh directory, ready for people, with more options of `leeward serve`. */
  static async start(options = []) {
    const dir = mkdtempSync(join(tmpdir(), "leeward-journey-"));
    const server = new Server(dir, await freePort(), await freePort(), options);
    await server.run();
    return server;
  }

  /** Starts it, on the ports and the data it had before. */
  async run() {
    const { LEEWARD_PROGRAM: _, ...env } = process.env;
    const child = spawn(
      program(),
      ["serve", "--data-dir", this.dataDir, "--listen", `127.0.0.1:${this.port}`].concat(
        ["--operator-listen", `127.0.0.1:${this.operatorPort}`],
        this.#options,
      ),
      { cwd: this.dir, env, stdio: ["ignore", "pipe", "pipe"] },
    );
    this.#child = child;
    for (const stream of [child.stdout, child.stderr]) {
      createInterface({ input: stream }).on("line", (line) => {
        this.#log.push(line);
        const link = /http:\/\/\S+\/setup#\S+/.exec(line);
        if (link) this.setupLink = link[0];
      });
    }
    const gone = new Promise((_, reject) => {
      child.on("exit", () => reject(new Error(`the server ended:\n${this.#log.join("\n")}`)));
    });
    gone.catch(() => {});
    await Promise.race([this.#ready(), gone]);
    this.#greeted ??= this.#log.length;
  }

  async #ready() {
    const deadline = Date.now() + START_MS;
    for (;;) {
      const answer = await fetch(`${this.url}/readyz`).catch(() => undefined);
      if (answer?.ok) return;
      if (Date.now() > deadline) throw new Error(`not ready:\n${this.#log.join("\n")}`);
      await new Promise((next) => setTimeout(next, 20));
    }
  }

  get dataDir() {
    return join(this.dir, "data");
  }

  /** What it printed before it took connections. */
  get greeting() {
    return this.#log.slice(0, this.#greeted);
  }

  /** An order at the operator's listener. */
  async order(command) {
    const door = JSON.parse(readFileSync(join(this.dataDir, "operator.json"), "utf8"));
    const answer = await fetch(`${this.operatorUrl}/command`, {
      method: "POST",
      headers: { authorization: `Bearer ${door.secret}`, "content-type": "application/json" },
      body: JSON.stringify(command),
    });
    const text = await answer.text();
    if (!answer.ok) throw new Error(`${JSON.stringify(command)}: ${answer.status} ${text}`);
    return JSON.parse(text);
  }

  /** Another command of the same program: starts it and hands out the process. */
  spawn(args) {
    const { LEEWARD_PROGRAM: _, ...env } = process.env;
    return spawn(program(), args, { cwd: this.dir, env, stdio: ["ignore", "pipe", "pipe"] });
  }

  /** Ends it as an operator does, who lets it say goodbye. */
  async end() {
    await this.#end("SIGTERM");
  }

  /** Ends it as a power cut would. */
  async kill() {
    await this.#end("SIGKILL");
  }

  /** Ends it and removes what it kept. */
  async stop() {
    await this.#end("SIGKILL");
    rmSync(this.dir, { recursive: true, force: true });
  }

  async #end(signal) {
    const child = this.#child;
    if (child.exitCode !== null || child.signalCode !== null) return;
    const ended = new Promise((resolve) => child.once("exit", resolve));
    child.kill(signal);
    await ended;
  }

  /** One request to the HTTP API with a token. */
  async api(token, method, path, body) {
    const answer = await fetch(`${this.url}/api/v1${path}`, {
      method,
      headers: { authorization: `Bearer ${token}`, "content-type": "application/json" },
      body: body === undefined ? undefined : JSON.stringify(body),
    });
    const text = await answer.text();
    if (!answer.ok) throw new Error(`${method} ${path}: ${answer.status} ${text}`);
    return text ? JSON.parse(text) : undefined;
  }

  /** A token for an account. */
  async signIn(name, password) {
    const answer = await fetch(`${this.url}/api/v1/sign-in`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ name, password }),
    });
    if (!answer.ok) throw new Error(`sign-in: ${answer.status} ${await answer.text()}`);
    return (await answer.json()).token;
  }

  /** All that the program has said, for a failing test. */
  get log() {
    return this.#log.join("\n");
  }
}
