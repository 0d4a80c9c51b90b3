# What is checked with cargo, and what cargo needs for it. Needs common.sh.
# shellcheck shell=bash

# --- What it needs

ensure_rust() {
    command -v cargo >/dev/null || fail "no cargo here; install Rust from https://rustup.rs"
    local tool
    for tool in fmt clippy; do
        cargo "$tool" --version >/dev/null 2>&1 && continue
        command -v rustup >/dev/null || fail "no cargo $tool here; install it beside your Rust"
        rustup component add rustfmt clippy
    done
    # For SQLite and the cryptography, which are C.
    command -v cc >/dev/null || install_packages gcc libc6-dev
    # For the commands in the README, which are tested as they stand there.
    command -v curl >/dev/null || install_packages curl
}

# Installs nextest below the target folder, unoptimised and without its updater: that builds sooner and serves as
# well. Without it the tests run by `cargo test`.
ensure_nextest() {
    local tools=${CARGO_TARGET_DIR:-$PWD/target}/tools
    PATH=$tools/bin:$PATH
    has_nextest && return
    interruptible cargo install --locked --debug --no-default-features --features default-no-update \
        --root "$tools" --target-dir "$tools/build" cargo-nextest ||
        printf 'cargo-nextest does not install; the tests run by cargo test\n' >&2
    rm -rf "$tools/build"
}

has_nextest() {
    cargo nextest --version >/dev/null 2>&1
}

test_runner() {
    if has_nextest; then
        cargo nextest --version | head -n 1
    else
        printf 'cargo test\n'
    fi
}

# --- What is checked. The same packages and features wherever possible, so that builds are shared.

everything=(--locked --workspace --all-features)

check_format() {
    cargo fmt --all --check
}

check_lints() {
    cargo clippy "${everything[@]}" --all-targets -- -D warnings
}

check_docs() {
    RUSTDOCFLAGS='-D warnings' cargo doc "${everything[@]}" --no-deps
}

# check_features PACKAGE [FEATURE]
check_features() {
    cargo clippy --locked --package "$1" --lib --no-default-features --features "${2:-}" -- -D warnings
}

# What a user of a library builds beside it.
check_dependencies() {
    at_most 40 multitenant-core ''
    at_most 250 multitenant-axum postgres
}

# at_most CRATES PACKAGE FEATURES
at_most() {
    local tree count
    tree=$(cargo tree --locked --package "$2" --no-default-features --features "$3" --edges normal --prefix none)
    count=$(($(sed 's/ (\*)$//' <<<"$tree" | sort -u | wc -l) - 1))
    printf '%s with %s: %d crates of at most %d\n' "$2" "${3:-no feature}" "$count" "$1"
    ((count <= $1))
}

# run_tests [ARGUMENT…]
run_tests() {
    local profile=default
    [[ -z ${CI:-} ]] || profile=ci
    if has_nextest; then
        cargo nextest run "${everything[@]}" --profile "$profile" "$@"
    else
        cargo test "${everything[@]}" --all-targets "$@"
    fi
}

run_doc_tests() {
    cargo test "${everything[@]}" --doc
}

# --- The features of the libraries

# One "package" (no feature) or "package feature" a line. A name with a leading underscore is no feature to choose
# but a part that others share. In cargo's metadata `"features":{` belongs to the package whose path comes next.
library_features() {
    local line features='' package
    cargo metadata --locked --no-deps --format-version 1 |
        grep -oE '"features":\{[^}]*\}|"manifest_path":"[^"]*"' |
        while read -r line; do
            case $line in
                '"features"'*) features=$line ;;
                */multitenant-*/Cargo.toml\")
                    package=$(basename "$(dirname "$line")")
                    printf '%s\n' "$package"
                    feature_names <<<"$features" | sed "s/^/$package /"
                    ;;
            esac
        done
}

feature_names() {
    { grep -oE '"[^"]+":\[' || true; } | tr -d '":[' | { grep -vE '^(_|default$)' || true; }
}
