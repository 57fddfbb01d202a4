#!/usr/bin/env bash
# XMPP in clients that people have: slixmpp (PyPI) over TCP, STARTTLS and direct TLS; @xmpp/client and
# strophe.js (npm) over TCP, WebSocket and BOSH; Converse.js (npm) in a browser beside Leeward's own web
# app; Profanity in a terminal. Installs them under target/xmpp, or from the system's packages.
# Usage: scripts/xmpp.sh            runs the tests
#        scripts/xmpp.sh pictures   makes the pictures of docs/xmpp.md anew
set -euo pipefail
cd "$(dirname "$0")/.."
. scripts/tools.sh
home=$PWD/target/xmpp
converse=14.0.0
mkdir -p "$home"

build_tools
need openssl openssl
need chromium chromium fonts-noto-color-emoji
need tmux tmux
need profanity profanity
python3 -c 'import ensurepip, venv' 2>/dev/null || packages python3-venv
if [ ! -x "$home/venv/bin/python" ]; then python3 -m venv "$home/venv"; fi
"$home/venv/bin/pip" install --quiet --disable-pip-version-check 'slixmpp>=1.8,<2'
if [ ! -d "$home/node_modules/xhr2" ]; then
  (cd "$home" && { [ -f package.json ] || echo '{"private":true,"type":"module"}' > package.json; } &&
    npm install --silent --no-audit --no-fund @xmpp/client@0.14 strophe.js@5 ws@8 @xmldom/xmldom@0.9 saxes@6 xhr2@0.2)
fi
# As it is packed: what it needs is in it.
if [ ! -f "$home/converse-$converse/dist/converse.min.js" ]; then
  mkdir -p "$home/converse-$converse"
  (cd "$home" && npm pack --silent "converse.js@$converse" > /dev/null &&
    tar -xzf "converse.js-$converse.tgz" -C "converse-$converse" --strip-components=1)
fi

# The web app first: a server that was built without one has none.
web_packages
[ -f web/dist/index.html ] || (cd web && npm run --silent build)
cargo build --quiet --locked -p leeward
export LEEWARD=${CARGO_TARGET_DIR:-$PWD/target}/debug/leeward XMPP_HOME=$home CONVERSE=$home/converse-$converse
# The packages are looked for beside the tests.
cp scripts/xmpp/*.mjs "$home/"
if [ "${1:-}" = pictures ]; then exec node "$home/pictures.mjs"; fi
status=0
"$home/venv/bin/python" scripts/xmpp/slixmpp_test.py || status=1
node --test --test-concurrency=1 "$home"/*.test.mjs || status=1
exit $status
