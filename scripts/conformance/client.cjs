// Says things to the echo server by `ws` and fails when anything comes back otherwise.
const assert = require("node:assert");
const { once } = require("node:events");
const WebSocket = require("ws");
const { version } = require("ws/package.json");

const sizes = [0, 1, 125, 126, 127, 65535, 65536, 1 << 20, 16 << 20];
let seed = 7;
const random = () => (seed = (Math.imul(seed, 1103515245) + 12345) >>> 1) / 2 ** 31;
const words = ["leeward", "κόσμε", "été", "風", "🌊", " ", "\n", "\0"];

function text(size) {
  let out = "";
  while (out.length < size) out += words[Math.floor(random() * words.length)];
  return Buffer.from(out).subarray(0, size).toString().replaceAll("\uFFFD", "");
}

function bytes(size) {
  return Buffer.from(Uint8Array.from({ length: size }, () => random() * 256));
}

async function heard(socket) {
  const [data, binary] = await once(socket, "message");
  return binary ? data : data.toString();
}

async function converse(url, perMessageDeflate) {
  const socket = new WebSocket(url, { perMessageDeflate, maxPayload: 0 });
  await once(socket, "open");
  for (const size of sizes) {
    for (const said of [text(size), bytes(size)]) {
      socket.send(said);
      assert.deepStrictEqual(await heard(socket), said);
    }
    const [a, b, c] = [text(size % 5000), "é", text(9)];
    socket.send(a, { fin: false });
    socket.send(b, { fin: false });
    socket.ping("between");
    socket.send(c, { fin: true });
    const [[pong], whole] = await Promise.all([once(socket, "pong"), heard(socket)]);
    assert.strictEqual(pong.toString(), "between");
    assert.strictEqual(whole, a + b + c);
  }
  const many = Array.from({ length: 2000 }, (_, i) => `message ${i} `.repeat(i % 50));
  const got = [];
  socket.on("message", (data) => got.push(data.toString()));
  for (const said of many) socket.send(said);
  while (got.length < many.length) await once(socket, "message");
  assert.deepStrictEqual(got, many);
  socket.close(4321, "enough");
  const [code] = await once(socket, "close");
  assert.strictEqual(code, 4321);
}

async function main(url) {
  await converse(url, false);
  await converse(url, { threshold: 0 });
  for (const serverMaxWindowBits of [9, 12, 15]) {
    await converse(url, { threshold: 0, serverMaxWindowBits, clientMaxWindowBits: 10 });
    const none = { serverNoContextTakeover: true, clientNoContextTakeover: true };
    await converse(url, { threshold: 0, serverMaxWindowBits, ...none });
  }
  console.log(`  ws ${version}: as said, so heard`);
}

main(process.argv[2]).catch((error) => {
  console.error(error);
  process.exit(1);
});
