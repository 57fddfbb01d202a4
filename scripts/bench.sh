#!/usr/bin/env bash
# Measures what Leeward costs on this machine: memory, processor time, latency, start and search, beside
# the kernel's own cost. Builds with optimisation, runs servers and clients on loopback, and writes
# the figures into docs/benchmarks.md. Takes about three quarters of an hour, the drills and the
# simulated storms a quarter each.
#
#     scripts/bench.sh                     everything
#     scripts/bench.sh idle delivery       some of: bare idle tls growth delivery posts history drills storms
set -euo pipefail
cd "$(dirname "$0")/.."
cargo build --release --locked -p leeward -p leeward-client -p leeward-sim --bins --examples
exec python3 scripts/bench/bench.py "$@"
