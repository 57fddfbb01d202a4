#!/usr/bin/env bash
# The HTTP API against its own description, by thousands of generated requests: a server in a fresh
# directory, a bot that may do almost everything, and schemathesis (PyPI), installed under target/.
# Arguments go to `schemathesis run`; SCHEMATHESIS_SEED asks for other requests than the usual ones.
# Exit status 0: it found nothing.
# Usage: scripts/schemathesis.sh [--max-examples N]
set -euo pipefail
cd "$(dirname "$0")/.."
home=$PWD/target/schemathesis
binary=${CARGO_TARGET_DIR:-target}/debug/leeward

if [ ! -x "$home/bin/python" ]; then python3 -m venv "$home"; fi
"$home/bin/pip" install --quiet --disable-pip-version-check 'schemathesis==4.32.5'
cargo build --quiet -p leeward
binary=$(realpath "$binary")

data=$(mktemp -d)
server=
stop() {
  local status=$?
  if [ $status != 0 ] && [ -f "$data/log" ]; then echo "the end of the server's log:"; tail -20 "$data/log"; fi
  if [ -n "$server" ]; then kill "$server" 2> /dev/null && wait "$server" 2> /dev/null || true; fi
  rm -rf "$data"
}
trap stop EXIT
port=$("$home/bin/python" -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
url=http://127.0.0.1:$port
"$binary" --data-dir "$data/leeward" --set "listen=127.0.0.1:$port" \
  --set operator_listen=127.0.0.1:0 serve > "$data/out" 2> "$data/log" &
server=$!
for _ in $(seq 200); do
  grep -q '/setup#' "$data/out" && break
  kill -0 "$server" || { cat "$data/log"; exit 1; }
  sleep 0.05
done
setup=$(sed -n 's/.*\/setup#//p' "$data/out")

# Somebody to be, and something to find: the owner, a room with messages, a bot that administers.
token=$("$home/bin/python" - "$url" "$setup" << 'PYTHON'
import base64, json, sys, urllib.request
url, setup = sys.argv[1:]

def ask(method, path, body=None, token=None, data=None):
    data = json.dumps(body or {}).encode() if data is None else data
    request = urllib.request.Request(url + path, method=method, data=data)
    request.add_header("content-type", "application/json")
    request.add_header("upload-offset", "0")
    if token:
        request.add_header("authorization", "Bearer " + token)
    return json.load(urllib.request.urlopen(request))

owner = ask("POST", "/api/v1/setup", {"token": setup, "name": "owner", "password": "correct horse",
                                      "workspace": "Schemathesis"})["token"]
for n in range(20):  # ids that requests are likely to name belong to these, not to the bot
    ask("POST", "/api/v1/bots", {"name": f"bot-{n}"}, owner)
bot = ask("POST", "/api/v1/bots", {"name": "tester", "role": "admin"}, owner)["id"]
token = ask("POST", f"/api/v1/bots/{bot}/tokens", {"note": "test"}, owner)["token"]
ask("POST", "/api/v1/rooms/1/join", {}, token)
for n in range(5):
    draft = {"kind": "message", "text": f"message {n} with **words**"}
    ask("POST", "/api/v1/rooms/1/events", {"nonce": f"seed-{n}", "draft": draft}, token)
png = base64.b64decode("iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==")
for n in range(3):
    file = ask("POST", "/api/v1/files", {"name": f"{n}.png", "size": len(png)}, token)["id"]
    ask("PATCH", f"/api/v1/files/{file}", token=token, data=png)
for n in range(5):
    ask("POST", "/api/v1/rooms/1/hooks", {"name": f"hook {n}"}, owner)
    ask("POST", "/api/v1/invites", {"note": f"invite {n}"}, owner)
    bot = ask("POST", "/api/v1/bots", {"name": f"spare-{n}"}, owner)["id"]
    ask("PUT", f"/api/v1/rooms/1/members/{bot}", {}, owner)
print(token)
PYTHON
)

cd "$home" # what it leaves behind to replay a failure with stays out of the repository
bin/schemathesis --config-file ../../scripts/schemathesis.toml run "$url/api/v1/openapi.json" \
  --header "Authorization: Bearer $token" --checks all --continue-on-failure --workers 1 \
  --request-timeout 30 --max-examples 40 --seed "${SCHEMATHESIS_SEED:-1}" --no-color "$@"
kill -0 "$server" || { echo "the server has died"; cat "$data/log"; exit 1; }
if grep -E ' ERROR |panicked' "$data/log"; then echo "the server complained"; exit 1; fi
echo "schemathesis: nothing found"
