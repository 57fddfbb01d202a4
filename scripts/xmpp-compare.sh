#!/usr/bin/env bash
# Puts Leeward, ejabberd and Prosody under the same XMPP load, one after the other on loopback, and
# writes the table into docs/benchmarks.md. Installs the two from Debian where they are missing, under no
# service manager, and stops whatever it starts. Takes about eight minutes.
#
#     scripts/xmpp-compare.sh                                     everything
#     scripts/xmpp-compare.sh --servers ejabberd --sizes 2000     some of it; the rest of the table stays
set -euo pipefail
cd "$(dirname "$0")/.."
. scripts/tools.sh

# Debian starts a service when it installs it, unless this says no.
policy=/usr/sbin/policy-rc.d
made=
if [ ! -e "$policy" ] && [ "$(id -u)" = 0 ]; then
    printf '#!/bin/sh\nexit 101\n' >"$policy"
    chmod +x "$policy"
    made=$policy
fi
trap '[ -z "$made" ] || rm -f "$made"' EXIT
need ejabberdctl ejabberd
need prosody prosody lua-dbi-sqlite3

ulimit -n "$(ulimit -Hn)"
if [ "$(ulimit -n)" != unlimited ] && [ "$(ulimit -n)" -lt 9000 ]; then
    echo "error: 8,000 clients need 9,000 open files, and $(ulimit -n) are allowed" >&2
    exit 1
fi
cargo build --release --locked -p leeward -p leeward-client --bin leeward --example xmpp_load --example bare_write
python3 scripts/xmpp-compare/compare.py "$@"
