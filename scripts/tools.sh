# What the other scripts need from the system, installed only where it is missing.
# Sourced, never run.

# need COMMAND PACKAGE...: installs the Debian packages unless the command is there.
need() {
    local command=$1
    shift
    command -v "$command" >/dev/null 2>&1 && return 0
    packages "$@"
}

# packages NAME...: installs Debian packages, as root or with sudo.
packages() {
    command -v apt-get >/dev/null 2>&1 || {
        echo "error: please install: $*" >&2
        return 1
    }
    local root=()
    if [ "$(id -u)" != 0 ]; then root=(sudo); fi
    echo "installing $*"
    if [ -z "${PACKAGES_LISTED:-}" ]; then
        "${root[@]}" apt-get update -qq >/dev/null || true
        PACKAGES_LISTED=1
    fi
    "${root[@]}" env DEBIAN_FRONTEND=noninteractive \
        apt-get install -y -qq --no-install-recommends "$@" >/dev/null
}

# What building needs beside Rust and Node: a C compiler for SQLite, jemalloc and AWS-LC.
build_tools() {
    for command in cargo node npm; do
        command -v "$command" >/dev/null 2>&1 || {
            echo "error: there is no $command: install Rust 1.95 or later and Node 20.19 or later" >&2
            return 1
        }
    done
    need cc build-essential
    need make build-essential
}

# web_packages: the web client's packages as its lock file says, unless they are there already.
web_packages() {
    local stamp=web/node_modules/.package-lock.json
    if [ -e "$stamp" ] && [ "$stamp" -nt web/package-lock.json ] && [ "$stamp" -nt web/package.json ]; then
        return 0
    fi
    (cd web && npm ci --no-audit --no-fund)
}
