/** A server of its own for a test file, with accounts owner, member and other: serve.py runs it. */
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { join } from "node:path";

/** The repository: the tests are copied beside their packages, two folders below it. */
export const ROOT = join(process.env.XMPP_HOME, "../..");

// Its certificate is signed by itself.
process.env.NODE_TLS_REJECT_UNAUTHORIZED = "0";

export async function serve() {
  const child = spawn("python3", [join(ROOT, "scripts/xmpp/serve.py")], {
    stdio: ["pipe", "pipe", "inherit"],
  });
  const lines = createInterface({ input: child.stdout });
  const line = async () => (await once(lines, "line"))[0];
  const at = JSON.parse(await line());
  const url = `https://127.0.0.1:${at.web}`;

  /** One request to the HTTP API, as somebody. */
  const api = async (who, method, path, body) => {
    const answer = await fetch(`${url}/api/v1${path}`, {
      method,
      headers: { authorization: `Bearer ${at.tokens[who]}`, "content-type": "application/json" },
      body: body === undefined ? undefined : JSON.stringify(body),
    });
    const text = await answer.text();
    assert(answer.ok, `${method} ${path}: ${answer.status} ${text}`);
    return text ? JSON.parse(text) : undefined;
  };

  /** Does something in the lobby without any client. */
  const post = (who, draft) => {
    const nonce = `n${process.hrtime.bigint()}`;
    return api(who, "POST", `/rooms/${at.lobby}/events`, { nonce, draft });
  };

  return {
    at,
    url,
    api,
    /** Does one of `kill`, `restart`, `down` and `up`; resolves once it is done. */
    async order(what) {
      child.stdin.write(`${what}\n`);
      assert.equal(await line(), "done");
    },
    /** What is in the lobby, oldest first. */
    async lines() {
      return (await api("owner", "GET", `/rooms/${at.lobby}/snapshot`)).lines;
    },
    /** Resolves to the place that it has there. */
    say: (who, text) => post(who, { kind: "message", text }),
    edit: (who, target, text) => post(who, { kind: "edit", target, text }),
    async end() {
      child.stdin.end();
      await once(child, "exit");
    },
  };
}
