#!/usr/bin/env bash
# Runs every test there is, installing what they need. Continuous integration runs this and nothing
# else. All phases run, whatever the ones before came to; a missing service is a failure. To run some:
#     scripts/test.sh rust journeys
set -uo pipefail
cd "$(dirname "$0")/.."
. scripts/tools.sh

export CARGO_TERM_COLOR=never NO_COLOR=1
log=target/test-logs
mkdir -p "$log"
passed=0 failed=0 began=$SECONDS
wanted=("$@")

# phase NAME WHAT COMMAND...: runs one phase, shows its output and its time, counts its tests.
phase() {
    local name=$1 what=$2 start=$SECONDS out=$log/$1.log status
    shift 2
    if [ ${#wanted[@]} -gt 0 ] && [[ " ${wanted[*]} " != *" $name "* ]]; then return 0; fi
    echo "== $name: $what"
    "$@" 2>&1 | tee "$out"
    status=${PIPESTATUS[0]}
    count "$out" "$status"
    echo "== $name: $([ "$status" = 0 ] && echo passed || echo FAILED) in $((SECONDS - start)) s"
}

total() { awk '{ sum += $1 } END { print sum + 0 }'; }

# count LOG STATUS: adds the tests that a phase counted, or the phase itself as one.
count() {
    local good bad
    # cargo test: "test result: ok. 12 passed; 0 failed; ..."; vitest: "Tests  3 failed | 12 passed";
    # node --test: "# pass 12", "# fail 0".
    good=$(sed -nE 's/^test result: .* ([0-9]+) passed; .*/\1/p; s/^ *Tests .*[^0-9]([0-9]+) passed.*/\1/p; s/^(# |ℹ )pass ([0-9]+)$/\2/p' "$1" | total)
    bad=$(sed -nE 's/^test result: .* ([0-9]+) failed; .*/\1/p; s/^ *Tests .*[^0-9]([0-9]+) failed.*/\1/p; s/^(# |ℹ )fail ([0-9]+)$/\2/p' "$1" | total)
    if [ "$2" = 0 ] && [ "$good" = 0 ]; then good=1; fi
    if [ "$2" != 0 ] && [ "$bad" = 0 ]; then bad=1; fi
    passed=$((passed + good)) failed=$((failed + bad))
}

test_tools() {
    build_tools || return 1
    need chromium chromium fonts-noto-color-emoji || return 1
    need python3 python3 || return 1
    need promtool prometheus || return 1
    python3 -c 'import ensurepip, venv' 2>/dev/null || packages python3-venv || return 1
    command -v cargo-clippy >/dev/null || rustup component add clippy || return 1
    command -v cargo-fmt >/dev/null || rustup component add rustfmt || return 1
    web_packages || return 1
}

# The core uses nothing that WebAssembly lacks: built where the target is installed.
pure() {
    if ! rustc --print target-libdir --target wasm32-unknown-unknown 2>/dev/null | xargs -r test -d; then
        echo "wasm32-unknown-unknown is not installed: clippy's bans are the only check of purity"
        return 0
    fi
    cargo check --locked -p leeward-core --target wasm32-unknown-unknown
}

web() {
    local script status=0
    for script in lint typecheck test build size; do
        echo "-- npm run $script"
        (cd web && npm run --silent "$script") || status=1
    done
    return $status
}

phase tools "what the tests need" test_tools
phase format "every Rust file as rustfmt writes it" cargo fmt --all --check
phase web "lint, types, unit tests, build and size of the web client" web
phase clippy "no warning in any target" cargo clippy --locked --workspace --all-targets -- -D warnings
phase pure "the core builds without an operating system" pure
phase rust "every Rust test, the decoders' corpora included" cargo test --locked --workspace --no-fail-fast
phase binary "the server as the journeys use it" cargo build --locked -p leeward
phase alerts "the alert rules for Prometheus" promtool check rules deploy/prometheus/leeward.rules.yml
phase conformance "the WebSocket codec against ws (npm) and websockets (PyPI)" scripts/conformance.sh
phase xmpp "clients of XMPP that people have" scripts/xmpp.sh
phase api "the HTTP API against its own description" scripts/schemathesis.sh
phase journeys "people in real browsers" node --test --test-concurrency=1 web/e2e/*.test.mjs

echo "== all phases in $((SECONDS - began)) s"
echo "$passed passed, $failed failed"
[ "$failed" = 0 ]
