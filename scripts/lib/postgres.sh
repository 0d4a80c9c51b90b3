# A throwaway Postgres: found or installed, started on a free port of the loopback, gone at the end.
# Needs common.sh. Gives TEST_POSTGRES_URL (the role `platform`: CREATEDB and CREATEROLE, no superuser, as in
# production), DATABASE_URL (a database of its own, for `#[sqlx::test]`) and TEST_POSTGRES_SUPERUSER_URL (for the few
# tests that must look from above).
# shellcheck shell=bash

postgres_oldest=15
postgres_bin=
postgres_folder=
postgres_user=()
postgres_pid=
postgres_port=
# Durability is what tests can do without. All else is as in production.
postgres_durability=(-c fsync=off -c full_page_writes=off)

# --- Finding the programs

postgres_is_usable() {
    local folder=$1 program version
    for program in initdb pg_isready postgres psql; do
        [[ -x $folder/$program ]] || return 1
    done
    version=$("$folder/postgres" --version | sed -E 's/^[^0-9]*([0-9]+).*/\1/')
    ((version >= postgres_oldest))
}

postgres_candidates() {
    local found
    if found=$(command -v postgres); then
        dirname "$(readlink -f "$found")"
    fi
    printf '%s\n' /usr/lib/postgresql/*/bin /usr/pgsql-*/bin /opt/homebrew/opt/postgresql@*/bin | sort -rV
}

find_postgres() {
    if [[ -n ${PG_BIN:-} ]]; then
        postgres_is_usable "$PG_BIN" ||
            fail "PG_BIN=$PG_BIN holds no complete Postgres (initdb, pg_isready, postgres, psql) from $postgres_oldest on"
        postgres_bin=$PG_BIN
        return
    fi
    local candidate
    while read -r candidate; do
        if postgres_is_usable "$candidate"; then
            postgres_bin=$candidate
            return
        fi
    done < <(postgres_candidates)
    return 1
}

# Debian would also make and start a server of its own, now and at each boot; nobody asked for that one.
debian_settings=/etc/postgresql-common/createcluster.conf
debian_mark='while multitenant installs'

install_postgres() {
    install_packages postgresql-common
    at_exit restore_debian_settings
    as_root sed -i "\$a create_main_cluster = false # $debian_mark" "$debian_settings"
    install_packages postgresql
    restore_debian_settings
}

restore_debian_settings() {
    if grep -q "$debian_mark" "$debian_settings"; then
        as_root sed -i "/$debian_mark/d" "$debian_settings"
    fi
}

ensure_postgres() {
    find_postgres && return
    install_postgres
    find_postgres || fail "apt-get brought no Postgres from $postgres_oldest on; install one and set PG_BIN to its bin folder"
}

# --- Starting and stopping

random_password() {
    od -An -N16 -tx1 /dev/urandom | tr -d ' \n'
}

# Postgres refuses to run as root, so root lends it another user.
choose_postgres_user() {
    postgres_user=()
    ((EUID == 0)) || return 0
    command -v setpriv >/dev/null || fail "as root this needs setpriv (util-linux); or run it as an ordinary user"
    local name=nobody
    if id postgres >/dev/null 2>&1; then
        name=postgres
    fi
    postgres_user=(setpriv "--reuid=$(id -u "$name")" "--regid=$(id -g "$name")" --clear-groups)
    chown "$name" "$postgres_folder"
}

init_postgres() {
    (
        cd "$postgres_folder" || exit
        umask 077
        printf '%s\n' "$1" | "${postgres_user[@]}" tee password >/dev/null
        "${postgres_user[@]}" "$postgres_bin/initdb" --pgdata=data --username=postgres \
            --pwfile=password --auth=scram-sha-256 \
            --encoding=UTF8 --locale=C --no-sync --no-instructions >initdb.log 2>&1
    ) || fail "initdb of $postgres_bin failed: $(cat "$postgres_folder/initdb.log")"
}

launch_postgres() {
    local survive=()
    # The kernel ends the server when this script is killed, even by SIGKILL.
    if command -v setpriv >/dev/null; then
        survive=(setpriv --pdeathsig INT)
    fi
    pushd "$postgres_folder" >/dev/null || return
    "${postgres_user[@]}" "${survive[@]}" "$postgres_bin/postgres" -D data \
        -c listen_addresses=127.0.0.1 -c port="$postgres_port" -c unix_socket_directories="$postgres_folder" \
        -c max_connections=100 -c shared_buffers=64MB -c max_wal_size=256MB \
        "${postgres_durability[@]}" \
        </dev/null >server.log 2>&1 &
    postgres_pid=$!
    popd >/dev/null || return
}

await_postgres() {
    for _ in {1..300}; do
        kill -0 "$postgres_pid" 2>/dev/null || return 1
        # Through the socket in our own folder: another server may hold the port.
        "$postgres_bin/pg_isready" -q -h "$postgres_folder" -p "$postgres_port" && return
        sleep 0.1
    done
    return 1
}

launch_on_free_port() {
    for _ in {1..20}; do
        postgres_port=$((20000 + RANDOM % 12000))
        launch_postgres
        await_postgres && return
        grep -q 'Address already in use' "$postgres_folder/server.log" || break
    done
    fail "Postgres did not start: $(cat "$postgres_folder/server.log")"
}

# What an administrator does once, from the same file that docs/administration-postgres.md tells them to run.
administer_postgres() {
    local root=$1 superuser_password=$2 password=$3
    PGPASSWORD=$superuser_password "$postgres_bin/psql" -X -q -h "$postgres_folder" -p "$postgres_port" -U postgres -d postgres \
        -v platform=platform -v password="$password" -f "$root/docs/administration-postgres.sql" \
        >"$postgres_folder/administration.log" 2>&1 ||
        fail "docs/administration-postgres.sql failed: $(cat "$postgres_folder/administration.log")"
}

# A database as an application for one customer has it, in which it may make what it likes.
make_application_database() {
    PGPASSWORD=$password "$postgres_bin/psql" -X -q -h "$postgres_folder" -p "$postgres_port" -U platform -d postgres \
        -c 'CREATE DATABASE application' -c 'REVOKE ALL ON DATABASE application FROM PUBLIC' ||
        fail 'the role platform could not make a database'
}

# Starts the server; needs the repository's root and a folder to work in.
start_postgres() {
    local root=$1 superuser_password password
    ensure_postgres
    postgres_folder=$2/postgres
    superuser_password=$(random_password)
    password=$(random_password)
    mkdir -m 700 "$postgres_folder"
    choose_postgres_user
    init_postgres "$superuser_password"
    at_exit stop_postgres
    launch_on_free_port
    administer_postgres "$root" "$superuser_password" "$password"
    export TEST_POSTGRES_URL="postgres://platform:$password@127.0.0.1:$postgres_port/postgres"
    make_application_database
    # Where `#[sqlx::test]` makes its databases.
    export DATABASE_URL="postgres://platform:$password@127.0.0.1:$postgres_port/application"
    export TEST_POSTGRES_SUPERUSER_URL="postgres://postgres:$superuser_password@127.0.0.1:$postgres_port/postgres"
}

stop_postgres() {
    local signal
    [[ -n $postgres_pid ]] || return 0
    for signal in INT QUIT; do # fast, then immediate
        kill "-$signal" "$postgres_pid" 2>/dev/null || return 0
        for _ in {1..100}; do
            kill -0 "$postgres_pid" 2>/dev/null || return 0
            sleep 0.05
        done
    done
    kill -KILL "$postgres_pid" 2>/dev/null || true
}
