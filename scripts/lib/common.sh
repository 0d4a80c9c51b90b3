# What every script here needs: to fail with a sentence, to tidy up, to end what it started, to install a package.
# shellcheck shell=bash

fail() {
    printf 'error: %s\n' "$*" >&2
    exit 1
}

# --- Tidying up: functions handed to `at_exit` run once, last first, however the script ends.

exit_actions=()
running= # the process group that `interruptible` waits for

at_exit() {
    exit_actions=("$1" "${exit_actions[@]}")
}

tidy_up() {
    trap '' INT TERM HUP
    trap - EXIT
    stop_running
    local action
    for action in "${exit_actions[@]}"; do
        "$action" || true
    done
}

trap tidy_up EXIT
trap 'exit 129' HUP
trap 'exit 130' INT
trap 'exit 143' TERM

# --- Running

# Runs a command in a process group of its own and waits in a way that a signal to this script interrupts;
# bash would otherwise put off its traps until the command has ended by itself.
interruptible() {
    local status=0
    set -m
    "$@" </dev/null &
    running=$!
    set +m
    wait "$running" || status=$?
    running=
    return "$status"
}

# Ends the process group of `interruptible`. The grace covers the ten seconds that nextest gives its tests.
stop_running() {
    [[ -n $running ]] || return 0
    kill -TERM -- "-$running" 2>/dev/null || return 0
    for _ in {1..150}; do
        kill -0 -- "-$running" 2>/dev/null || return 0
        sleep 0.1
    done
    kill -KILL -- "-$running" 2>/dev/null || true
}

# A temporary folder in `$scratch`, removed at the end. Others may pass through it, not look into it.
make_scratch() {
    scratch=$(mktemp -d "${TMPDIR:-/tmp}/multitenant.XXXXXX")
    at_exit remove_scratch
    chmod 711 "$scratch"
}

remove_scratch() {
    rm -rf "$scratch"
}

# --- Installing

as_root() {
    if ((EUID == 0)); then
        "$@"
    elif command -v sudo >/dev/null; then
        sudo "$@"
    else
        fail "this needs root and there is no sudo; run as root: $*"
    fi
}

install_packages() {
    command -v apt-get >/dev/null || fail "no apt-get here; install what corresponds to Debian's: $*"
    printf 'installing %s\n' "$*"
    as_root env DEBIAN_FRONTEND=noninteractive apt-get -qq update
    as_root env DEBIAN_FRONTEND=noninteractive apt-get -qq install --yes --no-install-recommends "$@"
}
