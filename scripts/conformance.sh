#!/usr/bin/env bash
# The WebSocket codec against two other implementations: `websockets` (PyPI) and `ws` (npm), as
# servers of ours and as clients of the echo server. Installs both under target/conformance.
# Usage: scripts/conformance.sh
set -euo pipefail
cd "$(dirname "$0")/.."
home=$PWD/target/conformance
mkdir -p "$home"

if [ ! -x "$home/venv/bin/python" ]; then python3 -m venv "$home/venv"; fi
"$home/venv/bin/pip" install --quiet --disable-pip-version-check 'websockets>=15,<18'
if [ ! -d "$home/node_modules/ws" ]; then
  (cd "$home" && { [ -f package.json ] || echo '{"private":true}' > package.json; } &&
    npm install --silent --no-audit --no-fund ws@8)
fi

cargo build --quiet -p leeward-client --example ws_echo --example ws_converse
: > "$home/address"
"${CARGO_TARGET_DIR:-target}/debug/examples/ws_echo" 127.0.0.1:0 > "$home/address" &
echo_pid=$!
peer_pid=
trap 'kill $echo_pid $peer_pid 2> /dev/null || true' EXIT
for _ in $(seq 100); do [ -s "$home/address" ] && break; sleep 0.1; done
url=ws://$(cat "$home/address")

echo "websockets (PyPI) as client"
"$home/venv/bin/python" scripts/conformance/client.py "$url"
echo "ws (npm) as client"
NODE_PATH=$home/node_modules node scripts/conformance/client.cjs "$url"

# Ours as client, theirs as the server that says everything back.
ours() {
  : > "$home/peer"
  "$@" > "$home/peer" &
  peer_pid=$!
  for _ in $(seq 100); do [ -s "$home/peer" ] && break; sleep 0.1; done
  "${CARGO_TARGET_DIR:-target}/debug/examples/ws_converse" "$(cat "$home/peer")"
  kill $peer_pid
}
echo "websockets (PyPI) as server"
ours "$home/venv/bin/python" scripts/conformance/server.py
echo "ws (npm) as server"
NODE_PATH=$home/node_modules ours node scripts/conformance/server.cjs
echo "conformance: no difference"
