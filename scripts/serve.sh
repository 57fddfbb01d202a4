#!/usr/bin/env bash
# Builds everything, the web client included, and serves it. Arguments go to `leeward serve`:
#     scripts/serve.sh --listen 0.0.0.0:8080
# Running it again builds only what has changed.
set -euo pipefail
cd "$(dirname "$0")/.."
. scripts/tools.sh

step() { echo "== $*" >&2; }

step "looking for a compiler"
build_tools
step "fetching the web client's packages"
web_packages
step "building the web client"
(cd web && npm run --silent build)
step "building the server (some minutes the first time)"
cargo build --release --locked -p leeward
step "serving"
exec target/release/leeward serve "$@"
