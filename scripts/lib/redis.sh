# A throwaway Redis: found or installed, started on a free port of the loopback, gone at the end. Needs common.sh.
# Gives TEST_REDIS_URL.
# shellcheck shell=bash

redis_program=
redis_folder=
redis_pid=
redis_port=

# Debian's redis-server would start a server of its own, now and at each boot; nobody asked for that one. The program
# is in redis-tools, and becomes what it is called by.
find_redis() {
    local tool
    redis_program=$(command -v redis-server || command -v valkey-server) && return
    tool=$(command -v redis-check-rdb) || return 1
    redis_program=$redis_folder/redis-server
    ln -s "$tool" "$redis_program"
}

ensure_redis() {
    find_redis && return
    install_packages redis-tools
    find_redis || fail 'apt-get brought no Redis; install a redis-server'
}

# launch_redis PASSWORD
launch_redis() {
    local survive=()
    # The kernel ends the server when this script is killed, even by SIGKILL.
    if command -v setpriv >/dev/null; then
        survive=(setpriv --pdeathsig TERM)
    fi
    "${survive[@]}" "$redis_program" - >"$redis_folder/server.log" 2>&1 <<END &
bind 127.0.0.1
port $redis_port
requirepass $1
save ""
dir $redis_folder
END
    redis_pid=$!
}

await_redis() {
    for _ in {1..100}; do
        grep -q 'Ready to accept connections' "$redis_folder/server.log" && return
        kill -0 "$redis_pid" 2>/dev/null || return 1
        sleep 0.05
    done
    return 1
}

# Starts the server; needs a folder to work in.
start_redis() {
    local password
    redis_folder=$1/redis
    password=$(od -An -N16 -tx1 /dev/urandom | tr -d ' \n')
    mkdir -m 700 "$redis_folder"
    ensure_redis
    at_exit stop_redis
    for _ in {1..20}; do
        redis_port=$((20000 + RANDOM % 12000))
        launch_redis "$password"
        if await_redis; then
            export TEST_REDIS_URL="redis://default:$password@127.0.0.1:$redis_port/"
            return
        fi
    done
    fail "Redis did not start: $(cat "$redis_folder/server.log")"
}

stop_redis() {
    [[ -n $redis_pid ]] || return 0
    kill "$redis_pid" 2>/dev/null || return 0
    for _ in {1..60}; do
        kill -0 "$redis_pid" 2>/dev/null || return 0
        sleep 0.05
    done
    kill -KILL "$redis_pid" 2>/dev/null || true
}
