# What the ERP server answers, held against its own document. Needs common.sh and cargo.sh.
# shellcheck shell=bash

schemathesis_version=4.32.5
api_tools=

# Installs schemathesis below the target folder, in a folder of its own.
ensure_schemathesis() {
    api_tools=${CARGO_TARGET_DIR:-$PWD/target}/tools/schemathesis-$schemathesis_version
    [[ -x $api_tools/bin/schemathesis ]] && return
    python3 -c 'import ensurepip, venv' 2>/dev/null || install_packages python3 python3-venv
    rm -rf "$api_tools"
    python3 -m venv "$api_tools"
    interruptible "$api_tools/bin/pip" install --quiet --disable-pip-version-check \
        "schemathesis==$schemathesis_version"
}

# check_api [SECONDS], with the server that the tests have built.
check_api() {
    "$api_tools/bin/python" scripts/lib/check_api.py "${CARGO_TARGET_DIR:-target}/debug/erp-server" "$@"
}
