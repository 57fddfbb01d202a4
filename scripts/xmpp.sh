#!/usr/bin/env bash
# XMPP in clients that people have: slixmpp (PyPI) over TCP, STARTTLS and direct TLS; @xmpp/client and
# strophe.js (npm) over TCP, WebSocket and BOSH. Installs them under target/xmpp.
# Usage: scripts/xmpp.sh
set -euo pipefail
cd "$(dirname "$0")/.."
. scripts/tools.sh
home=$PWD/target/xmpp
mkdir -p "$home"

need openssl openssl
if [ ! -x "$home/venv/bin/python" ]; then python3 -m venv "$home/venv"; fi
"$home/venv/bin/pip" install --quiet --disable-pip-version-check 'slixmpp>=1.8,<2'
if [ ! -d "$home/node_modules/strophe.js" ]; then
  (cd "$home" && { [ -f package.json ] || echo '{"private":true,"type":"module"}' > package.json; } &&
    npm install --silent --no-audit --no-fund @xmpp/client@0.14 strophe.js@5 ws@8 @xmldom/xmldom@0.8)
fi

cargo build --quiet --locked -p leeward
export LEEWARD=$PWD/${CARGO_TARGET_DIR:-target}/debug/leeward XMPP_HOME=$home
status=0
"$home/venv/bin/python" scripts/xmpp/slixmpp_test.py || status=1
# The packages are looked for beside the tests.
cp scripts/xmpp/*.mjs "$home/"
node --test --test-concurrency=1 "$home"/*.test.mjs || status=1
exit $status
