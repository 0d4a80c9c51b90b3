# A check is a row of steps: each has a heading, a time, and a hint for whoever broke it. Needs common.sh.
# shellcheck shell=bash

report=()

heading() {
    printf '\n== %s\n' "$1"
}

# step TITLE HINT COMMAND…
step() {
    local title=$1 hint=$2 began=$SECONDS
    shift 2
    heading "$title"
    interruptible "$@" || step_failed "$title" "$hint"
    took "$title" $((SECONDS - began))
}

# took TITLE SECONDS
took() {
    printf -- '-- %s: %d s\n' "$1" "$2"
    report+=("$(printf '%5d s  %s' "$2" "$1")")
}

step_failed() {
    printf '\nFAILED: %s\nhint: %s\n' "$1" "$2" >&2
    exit 1
}

print_report() {
    heading Passed
    printf '%s\n' "${report[@]}"
    printf '%5d s  in all\n' "$SECONDS"
}
