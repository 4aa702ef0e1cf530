# Shared by the scripts beside it: sourced, not run.
# shellcheck shell=bash

ROOT=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
# Compiled crates, the Python environment of the API test and browsers' own files live outside the checkout when CI says
# where, so that a fresh clone starts warm.
CACHE=${PEYVAND_CI_CACHE:-}
[ -z "$CACHE" ] || export CARGO_TARGET_DIR="${CARGO_TARGET_DIR:-$CACHE/target}"
TARGET=${CARGO_TARGET_DIR:-$ROOT/target}
VENV=${CACHE:-$ROOT/target}/venv
export CARGO_TERM_COLOR=${CARGO_TERM_COLOR:-auto} PIP_DISABLE_PIP_VERSION_CHECK=1 npm_config_update_notifier=false

say() { printf '%s\n' "$*" >&2; }
die() { say "$*"; exit 1; }
have() { command -v "$1" >/dev/null 2>&1; }

# Installs Debian packages as root; tells everybody else what to install.
packages() {
  [ $# -gt 0 ] || return 0
  if [ "$(id -u)" = 0 ] && have apt-get; then
    say "installing: $*"
    export DEBIAN_FRONTEND=noninteractive
    apt-get update -qq && apt-get install -y -qq --no-install-recommends "$@" >/dev/null || die "apt-get could not install: $*"
  else
    die "missing: $*
install them (Debian, Ubuntu: sudo apt-get install $*) and run this again"
  fi
}

# What it takes to build: Rust, a C compiler for SQLite, Node for the assets.
need_build_tools() {
  local missing=()
  have cc || missing+=(gcc libc6-dev)
  have node && have npm || missing+=(nodejs npm)
  packages "${missing[@]}"
  have cargo || die "missing: Rust 1.95 or newer. Install it with rustup (https://rustup.rs) and run this again."
  [ "$(node -p 'process.versions.node.split(".")[0]')" -ge 20 ] || die "Node 20 or newer is needed, $(node --version) is here."
}

# npm packages by lock file, again only when the lock file has changed.
npm_packages() {
  local folder=$1 sum
  sum=$(sha256sum "$folder/package-lock.json" | cut -d' ' -f1)
  [ "$(cat "$folder/node_modules/.lock-sum" 2>/dev/null)" = "$sum" ] && return 0
  (cd "$folder" && npm ci --silent --no-audit --no-fund ${CACHE:+--cache "$CACHE/npm"}) || die "npm ci failed in $folder"
  echo "$sum" >"$folder/node_modules/.lock-sum"
}

build_assets() {
  npm_packages "$ROOT/assets"
  (cd "$ROOT/assets" && npm run --silent build)
}

# A port of this machine that nobody listens on.
free_port() {
  node -e 'const s = require("net").createServer().listen(0, "127.0.0.1", () => { console.log(s.address().port); s.close(); })'
}

# A PostgreSQL server on a memory disk, for tests: sets PEYVAND_TEST_DB; stop_postgres ends it.
start_postgres() {
  [ -z "${PEYVAND_TEST_DB:-}" ] || return 0
  local bin tries=0 as=() port
  bin=$(find_postgres) || { packages postgresql; bin=$(find_postgres) || die "no initdb found after installing postgresql"; }
  if [ -w /dev/shm ]; then PG_FOLDER=$(mktemp -d /dev/shm/peyvand-pg.XXXXXX); else PG_FOLDER=$(mktemp -d); fi
  # The server refuses to run as root.
  if [ "$(id -u)" = 0 ]; then
    chown postgres "$PG_FOLDER"
    as=(runuser -u postgres --)
  fi
  port=$(free_port)
  (cd "$PG_FOLDER" && "${as[@]}" "$bin/initdb" -D "$PG_FOLDER/data" -U postgres -A trust -E UTF8 --locale=C.UTF-8 --no-sync >initdb.log 2>&1) ||
    { cat "$PG_FOLDER/initdb.log" >&2; die "initdb failed"; }
  (cd "$PG_FOLDER" && exec "${as[@]}" "$bin/postgres" -D "$PG_FOLDER/data" -p "$port" -k "$PG_FOLDER" -c listen_addresses=127.0.0.1 \
    -c fsync=off -c synchronous_commit=off -c full_page_writes=off -c max_connections=300 >"$PG_FOLDER/log" 2>&1) &
  until "$bin/pg_isready" -q -h 127.0.0.1 -p "$port"; do
    tries=$((tries + 1))
    [ $tries -lt 100 ] || { cat "$PG_FOLDER/log" >&2; die "PostgreSQL did not start"; }
    sleep 0.1
  done
  PG_PID=$(head -1 "$PG_FOLDER/data/postmaster.pid")
  export PEYVAND_TEST_DB="postgres://postgres@127.0.0.1:$port/postgres"
}

find_postgres() {
  local folder
  for folder in $(ls -d /usr/lib/postgresql/*/bin 2>/dev/null | sort -rV) "$(dirname "$(command -v initdb 2>/dev/null || echo /nowhere/x)")"; do
    [ -x "$folder/initdb" ] && { echo "$folder"; return 0; }
  done
  return 1
}

stop_postgres() {
  [ -n "${PG_PID:-}" ] || return 0
  kill -INT "$PG_PID" 2>/dev/null || true
  while kill -0 "$PG_PID" 2>/dev/null; do sleep 0.1; done
  rm -rf "$PG_FOLDER"
  PG_PID=
}
