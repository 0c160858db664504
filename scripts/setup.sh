# Sourced by ./quickstart and ./check: installs what is missing, says what it does and why before it does it, and touches nothing that is there already.
# shellcheck shell=bash

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
log_dir=${TMPDIR:-/tmp}

say() { printf '%s\n' "$*" >&2; }
step() { if [ -t 2 ] && [ -z "${NO_COLOR:-}" ]; then printf '\033[1m> %s\033[0m\n' "$*" >&2; else printf '> %s\n' "$*" >&2; fi; }
die() { printf '%s\n' "$*" >&2; exit 1; }

# Runs a command as root, with sudo where this is not root already.
as_root() {
  if [ "$(id -u)" = 0 ]; then "$@"; else sudo "$@"; fi
}

is_debian() {
  [ -r /etc/os-release ] || return 1
  # shellcheck disable=SC1091
  (. /etc/os-release && case " ${ID:-} ${ID_LIKE:-} " in *" debian "* | *" ubuntu "*) exit 0 ;; *) exit 1 ;; esac)
}

other_system() {
  die "This script installs things on Debian and Ubuntu only, and $1 is missing here.
Install these two, then run it again:
  1. Node.js 24 or newer, as \`node\` and \`npm\` in PATH
  2. Docker Engine 20.10 or newer, running, with its socket open to you (or DOCKER_HOST set)"
}

# packages WHY PACKAGE... : installs the Debian packages of the list that are missing.
packages() {
  local why=$1 missing=() name
  shift
  for name in "$@"; do
    dpkg-query -W -f '${Status}' "$name" 2>/dev/null | grep -q 'install ok installed' || missing+=("$name")
  done
  [ ${#missing[@]} -gt 0 ] || return 0
  is_debian || other_system "${missing[*]}"
  if [ "$(id -u)" != 0 ] && ! command -v sudo >/dev/null; then die "Installing ${missing[*]} needs root: run this as root, or install sudo."; fi
  step "Installing Debian's ${missing[*]} ($why)"
  if [ -z "${packages_updated:-}" ]; then
    as_root apt-get update -qq >"$log_dir/outrigger-apt.log" 2>&1 || { tail -n 20 "$log_dir/outrigger-apt.log" >&2; die "apt-get update failed."; }
    packages_updated=yes
  fi
  as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${missing[@]}" >>"$log_dir/outrigger-apt.log" 2>&1 ||
    { tail -n 20 "$log_dir/outrigger-apt.log" >&2; die "Installing ${missing[*]} failed."; }
}

node_is_new() { [ "$("$1" -p 'process.versions.node.split(".")[0] >= 24' 2>/dev/null)" = true ]; }

# Puts a Node >= 24 first in PATH: the one that is there, or the npm package `node` in .tools/ of this checkout.
node_runtime() {
  local tools=$root/.tools/node
  if node_is_new "$tools/node_modules/.bin/node"; then
    PATH=$tools/node_modules/.bin:$PATH
  elif ! command -v node >/dev/null || ! node_is_new node; then
    command -v npm >/dev/null || packages "npm, to get a newer Node.js with" nodejs npm
    is_debian && packages "a library that the newer Node.js is linked with" libatomic1
    step "Installing Node.js 26 into .tools/ of this checkout (TypeScript runs on Node >= 24; nothing outside is changed)"
    mkdir -p "$tools"
    printf '{ "private": true, "allowScripts": { "node": true } }\n' >"$tools/package.json"
    npm install --prefix "$tools" --no-audit --no-fund --loglevel=error node@26 >"$log_dir/outrigger-npm.log" 2>&1 || true
    node_is_new "$tools/node_modules/.bin/node" || { tail -n 20 "$log_dir/outrigger-npm.log" >&2; die "Installing Node.js 26 from the npm registry failed."; }
    PATH=$tools/node_modules/.bin:$PATH
  fi
  export PATH
}

# Installs the JavaScript packages of the lock file when it has changed.
node_packages() {
  local stamp=$root/node_modules/.installed-from
  cmp -s "$root/package-lock.json" "$stamp" && return 0
  step "Installing the JavaScript packages of package-lock.json into node_modules/"
  (cd "$root" && npm install --no-audit --no-fund --loglevel=error >"$log_dir/outrigger-npm.log" 2>&1) ||
    { tail -n 20 "$log_dir/outrigger-npm.log" >&2; die "npm install failed."; }
  cp "$root/package-lock.json" "$stamp"
}

engine_answers() { (cd "$root" && node scripts/engine.ts ping >/dev/null 2>&1); }

# Makes sure a Docker Engine answers: one that runs is left alone.
engine() {
  engine_answers && return 0
  if [ -n "${DOCKER_HOST:-}" ]; then die "No Docker Engine answers at DOCKER_HOST=$DOCKER_HOST."; fi
  if [ -S /var/run/docker.sock ] && [ ! -w /var/run/docker.sock ]; then
    die "The Docker Engine's socket /var/run/docker.sock is closed to $(id -un). Run this with sudo, or join the group docker."
  fi
  command -v dockerd >/dev/null || packages "Docker Engine, on which the pods run" docker.io iptables ca-certificates
  if [ -d /run/systemd/system ]; then
    step "Starting Docker Engine (systemctl start docker)"
    as_root systemctl start docker
  else
    step "Starting dockerd in the background, since no init system runs here (log: $log_dir/outrigger-dockerd.log)"
    as_root sh -c 'setsid dockerd >"$1" 2>&1 </dev/null &' sh "$log_dir/outrigger-dockerd.log"
  fi
  local tries
  for tries in $(seq 1 60); do
    engine_answers && return 0
    sleep 0.5
  done
  tail -n 20 "$log_dir/outrigger-dockerd.log" >&2 2>/dev/null
  die "Docker Engine does not answer after 30 s ($tries tries)."
}

# Makes sure debian:bookworm-slim is there: pulled, or made from Debian's packages where no registry can be reached.
base_image() {
  (cd "$root" && node scripts/engine.ts has debian:bookworm-slim) && return 0
  step "Getting the base image debian:bookworm-slim, from which the example's images are built"
  (cd "$root" && node scripts/engine.ts pull debian:bookworm-slim 2>/dev/null) && return 0
  packages "makes the base image from Debian's packages, since no registry has it to give" mmdebstrap
  step "No registry can be reached: making debian:bookworm-slim with mmdebstrap (about 15 s)"
  local tar
  tar=$(mktemp --suffix=.tar)
  as_root mmdebstrap --variant=minbase --quiet bookworm "$tar" >"$log_dir/outrigger-mmdebstrap.log" 2>&1 ||
    { tail -n 20 "$log_dir/outrigger-mmdebstrap.log" >&2; rm -f "$tar"; die "mmdebstrap failed."; }
  (cd "$root" && node scripts/engine.ts import "$tar" debian:bookworm-slim)
  rm -f "$tar"
}

# Decides where builds run their commands: in the engine's own network, or in the host's where the former has no way out.
build_network() {
  [ -z "${OUTRIGGER_BUILD_NETWORK:-}" ] || return 0
  OUTRIGGER_BUILD_NETWORK=$(cd "$root" && node scripts/engine.ts build-network debian:bookworm-slim)
  [ "$OUTRIGGER_BUILD_NETWORK" = default ] || say "  (containers have no way out to Debian's packages here, so builds use the host's network)"
  export OUTRIGGER_BUILD_NETWORK
}
