// @xmpp/client over TCP and WebSocket, strophe.js over WebSocket and BOSH, against a server of their own.

import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { after, before, test } from "node:test";
import { client, xml } from "@xmpp/client";
import { DOMParser, XMLSerializer } from "@xmldom/xmldom";
import { WebSocket } from "ws";
import XMLHttpRequest from "xhr2";
import { serve } from "./serve.mjs";

/** A request that parses what it was answered, as in a browser: strophe.js 5 takes nothing else. */
class Parsing extends XMLHttpRequest {
  get responseXML() {
    const done = this.readyState === XMLHttpRequest.DONE && this.responseText;
    return done ? new DOMParser().parseFromString(this.responseText, "text/xml") : null;
  }
  set responseXML(_) {}
}
// What a browser gives both libraries.
Object.assign(globalThis, { WebSocket, XMLHttpRequest: Parsing, DOMParser, XMLSerializer });
const PATIENCE_MS = 10_000;
const MUC = "http://jabber.org/protocol/muc";

let server;
let at;
before(async () => {
  server = await serve();
  at = server.at;
});
after(() => server?.end());

function within(promise, what) {
  let timer;
  const late = new Promise((_, reject) => {
    timer = setTimeout(() => reject(new Error(`nobody saw ${what}`)), PATIENCE_MS);
  });
  return Promise.race([promise, late]).finally(() => clearTimeout(timer));
}

/** A client of @xmpp/client that is in, with what it has heard. */
async function xmppjs(name, service) {
  const xmpp = client({ service, domain: at.domain, username: name, password: at.password, resource: randomUUID() });
  // Its own SCRAM keeps the whole process from anything else for seconds.
  xmpp.timeout = PATIENCE_MS;
  const heard = [];
  const waiting = new Set();
  xmpp.on("error", () => {});
  xmpp.on("stanza", (stanza) => {
    if (stanza.is("message")) heard.push(stanza);
    for (const look of waiting) look();
  });
  const hears = (wanted, what) =>
    within(
      new Promise((resolve) => {
        const look = () => {
          const found = heard.find(wanted);
          if (found) {
            waiting.delete(look);
            resolve(found);
          }
        };
        waiting.add(look);
        look();
      }),
      what,
    );
  await within(xmpp.start(), "the start");
  await xmpp.send(xml("presence"));
  const joined = hears((m) => m.getChild("subject") && m.attrs.from === at.room, "the subject");
  await xmpp.send(
    xml("presence", { to: `${at.room}/${name}` }, xml("x", { xmlns: MUC }, xml("history", { maxstanzas: "0" }))),
  );
  await joined;
  const say = (text, id = randomUUID()) =>
    xmpp.send(xml("message", { to: at.room, type: "groupchat", id }, xml("body", {}, text)));
  const bodies = () => heard.map((m) => m.getChildText("body")).filter(Boolean);
  return { xmpp, hears, say, bodies };
}

const body = (text) => (m) => m.getChildText("body") === text;

for (const [way, service] of [
  ["TCP", () => `xmpp://127.0.0.1:${at.tcp}`],
  ["WebSocket", () => `wss://127.0.0.1:${at.web}/xmpp-websocket`],
]) {
  test(`@xmpp/client over ${way} says and hears, and comes back by itself`, async () => {
    const one = await xmppjs("member", service());
    const two = await xmppjs("other", service());
    const text = `hello ${randomUUID()}`;
    await one.say(text);
    await two.hears(body(text), text);
    // Cut off without a word: it takes its session up again and misses nothing.
    const online = within(
      new Promise((resolve) => {
        one.xmpp.streamManagement?.once?.("resumed", resolve);
        one.xmpp.once("online", resolve);
      }),
      "the return",
    );
    const cut = one.xmpp.socket.socket ?? one.xmpp.socket;
    (cut.destroy ?? cut.terminate).call(cut);
    const missed = `missed ${randomUUID()}`;
    await two.say(missed);
    await online;
    await one.hears(body(missed), "what was said meanwhile");
    assert.equal(one.bodies().filter((b) => b === missed).length, 1);
    await one.xmpp.stop();
    await two.xmpp.stop();
  });
}

/** strophe.js as a browser runs it. */
async function strophe(name, service) {
  const { Strophe, $pres, $msg } = await import("strophe.js");
  const connection = new Strophe.Connection(service);
  const heard = [];
  const statuses = [];
  connection.addHandler(
    (stanza) => {
      heard.push(stanza);
      return true;
    },
    null,
    "message",
  );
  await within(
    new Promise((resolve, reject) => {
      connection.connect(`${name}@${at.domain}/${randomUUID()}`, at.password, (status) => {
        statuses.push(status);
        if (status === Strophe.Status.CONNECTED) resolve();
        if (status === Strophe.Status.AUTHFAIL || status === Strophe.Status.CONNFAIL) reject(new Error(`${status}`));
      });
    }),
    "the connection",
  );
  connection.send($pres());
  connection.send($pres({ to: `${at.room}/${name}` }).c("x", { xmlns: MUC }).c("history", { maxstanzas: "0" }));
  const text = (stanza) => stanza.getElementsByTagName("body")[0]?.textContent;
  const hears = async (wanted, patience = PATIENCE_MS) => {
    const until = Date.now() + patience;
    while (Date.now() < until) {
      if (heard.some((stanza) => text(stanza) === wanted)) return;
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    throw new Error(`nobody heard ${wanted}: ${heard.map(text)}`);
  };
  const say = (words) =>
    connection.send($msg({ to: at.room, type: "groupchat", id: randomUUID() }).c("body").t(words));
  const bodies = () => heard.map(text).filter(Boolean);
  return { connection, statuses, hears, say, bodies };
}

for (const [way, path] of [
  ["WebSocket", () => `wss://127.0.0.1:${at.web}/xmpp-websocket`],
  ["BOSH", () => `https://127.0.0.1:${at.web}/http-bind`],
]) {
  test(`strophe.js over ${way} says and hears`, async () => {
    const one = await strophe("member", path());
    const two = await xmppjs("other", `xmpp://127.0.0.1:${at.tcp}`);
    const text = `strophe ${randomUUID()}`;
    await new Promise((resolve) => setTimeout(resolve, 300));
    one.say(text);
    await two.hears(body(text), text);
    await one.hears(text);
    const back = `back ${randomUUID()}`;
    await two.say(back);
    await one.hears(back);
    one.connection.disconnect();
    await two.xmpp.stop();
  });
}

async function bosh(attributes, children = "") {
  const all = { xmlns: "http://jabber.org/protocol/httpbind", ...attributes };
  const head = Object.entries(all)
    .map(([name, value]) => ` ${name}='${value}'`)
    .join("");
  const answer = await fetch(`https://127.0.0.1:${at.web}/http-bind`, {
    method: "POST",
    headers: { "content-type": "text/xml; charset=utf-8" },
    body: `<body${head}>${children}</body>`,
  });
  assert.equal(answer.status, 200);
  return answer.text();
}

/** A session of BOSH that is in, and in the room; each request by hand. */
async function session(wait) {
  let rid = 1_000;
  const opened = await bosh({ rid, to: at.domain, wait, hold: 1, ver: "1.6" });
  const sid = /sid='([^']+)'/.exec(opened)[1];
  const more = (children = "", attributes = {}) => {
    rid += 1;
    return bosh({ rid, sid, ...attributes }, children);
  };
  /** Asks until the answers have it. */
  const until = async (wanted, said = "") => {
    for (let asked = 0; !said.includes(wanted); asked += 1) {
      assert(asked < 10, `nobody said ${wanted}: ${said}`);
      said += await more();
    }
    return said;
  };
  await until("mechanisms", opened);
  const secret = Buffer.from(`\0member\0${at.password}`).toString("base64");
  const auth = `<auth xmlns='urn:ietf:params:xml:ns:xmpp-sasl' mechanism='PLAIN'>${secret}</auth>`;
  await until("success", await more(auth));
  const restart = { "xmlns:xmpp": "urn:xmpp:xbosh", "xmpp:restart": "true" };
  await until("<bind", await more("", restart));
  const bind = "<bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'/>";
  await more(`<iq xmlns='jabber:client' type='set' id='b'>${bind}</iq>`);
  const join = `<x xmlns='${MUC}'/>`;
  const joined = await more(
    `<presence xmlns='jabber:client' to='${at.room}/member'>${join}</presence>`,
  );
  const room = await until("<subject", joined);
  return {
    room,
    more,
    until,
    again: (ahead, children) => bosh({ rid: rid + ahead, sid }, children),
  };
}

function groupchat(text) {
  return `<message xmlns='jabber:client' to='${at.room}' type='groupchat' id='${randomUUID()}'><body>${text}</body></message>`;
}

test("a request of BOSH that comes again is answered as before, and nothing of it is done twice", async () => {
  const two = await xmppjs("other", `xmpp://127.0.0.1:${at.tcp}`);
  const one = await session(1);
  const text = `once ${randomUUID()}`;
  const message = groupchat(text);
  const first = await one.more(message);
  const second = await one.again(0, message);
  assert.equal(first, second);
  await two.hears(body(text), text);
  assert.equal(two.bodies().filter((b) => b === text).length, 1);
  assert.match(await one.again(50), /item-not-found/);
  assert.match(await bosh({ rid: 5, to: "elsewhere.example" }), /host-unknown/);
  await two.xmpp.stop();
});

test("strophe.js over BOSH stays signed in over a planned restart, with nothing lost or doubled", async () => {
  const one = await strophe("member", `https://127.0.0.1:${at.web}/http-bind`);
  const first = `first ${randomUUID()}`;
  one.say(first);
  await one.hears(first);
  const sid = one.connection._proto.sid;
  const before_ = one.statuses.length;
  // One request waits at the server when it stops.
  while (one.connection._proto._requests[0]?.sends !== 1) await new Promise((resolve) => setTimeout(resolve, 20));
  await new Promise((resolve) => setTimeout(resolve, 300));
  await server.order("restart");
  // Nobody but the log knows of it when the client asks again.
  const between = `between ${randomUUID()}`;
  await server.say("owner", between);
  // It asks at once, at once again, and then after eight seconds.
  await one.hears(between, 20_000);
  const last = `last ${randomUUID()}`;
  one.say(last);
  await one.hears(last);
  assert.deepEqual(one.bodies(), [first, between, last]);
  assert.equal(one.connection._proto.sid, sid);
  assert.deepEqual(one.statuses.slice(before_), []);
  one.connection.disconnect();
});

test("what is said between two requests of BOSH is in the answer to the next, at once", async () => {
  const two = await xmppjs("other", `xmpp://127.0.0.1:${at.tcp}`);
  const one = await session(30);
  // Nothing else is under way that would bring along what is late.
  await one.until(`${at.room}/other`, one.room);
  const ping = "<iq xmlns='jabber:client' type='get' id='p'><ping xmlns='urn:xmpp:ping'/></iq>";
  assert.match(await one.more(ping), /id='p' type='result'/);
  const text = `between ${randomUUID()}`;
  await two.say(text);
  // Whoever said it has heard it: it has gone out to everybody.
  await two.hears(body(text), text);
  const began = Date.now();
  assert.match(await one.more(), new RegExp(text));
  assert(Date.now() - began < 5_000, "and not when the wait is over");
  await two.xmpp.stop();
});

test("a server that is killed and started again gets its clients back without a word lost", async () => {
  const one = await xmppjs("member", `xmpp://127.0.0.1:${at.tcp}`);
  const two = await xmppjs("other", `wss://127.0.0.1:${at.web}/xmpp-websocket`);
  const before_ = `before ${randomUUID()}`;
  await one.say(before_);
  await two.hears(body(before_), before_);
  await server.order("kill");
  const three = await xmppjs("member", `xmpp://127.0.0.1:${at.tcp}`);
  const said = await server.lines();
  assert.equal(said.filter((l) => l.text === before_).length, 1);
  for (const it of [one, two, three]) await it.xmpp.stop().catch(() => {});
});
