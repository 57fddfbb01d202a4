// Says everything back by `ws`; prints its URL first.
const { WebSocketServer } = require("ws");

const server = new WebSocketServer({
  port: 0,
  host: "127.0.0.1",
  maxPayload: 0,
  perMessageDeflate: { threshold: 0 },
});
server.on("listening", () => console.log(`ws://127.0.0.1:${server.address().port}`));
server.on("connection", (socket) => {
  socket.on("message", (data, binary) => {
    if (data.length > 3) {
      const middle = data.length >> 1;
      socket.send(data.subarray(0, middle), { binary, fin: false });
      socket.send(data.subarray(middle), { binary, fin: true });
    } else {
      socket.send(data, { binary });
    }
  });
});
