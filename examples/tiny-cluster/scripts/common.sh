# shellcheck shell=bash
# What the scripts share. Every script may run again after it was interrupted: it does what is not done yet.
settings=/etc/tiny-cluster
data=/var/lib/tiny-cluster
api="$PWD/bin/tiny-api"
node="$PWD/bin/tiny-node"

# Is the program of this name, started by us, alive?
alive() {
  local pid
  pid=$(cat "$settings/$1.pid" 2>/dev/null) || return 1
  # After a restart of the host the number may be another program's.
  [[ -r /proc/$pid/cmdline && $(tr '\0' ' ' <"/proc/$pid/cmdline") == *tiny-$1* ]]
}

# Starts a program that outlives the script: start NAME PROGRAM [ARGUMENT...]
start() {
  local name=$1
  shift
  alive "$name" && return
  # shellcheck disable=SC2016 # expanded by the shell that is started
  setsid --fork bash -c 'echo $$ >"$0"; exec "$@"' "$settings/$name.pid" "$@" </dev/null >>"/var/log/tiny-$name.log" 2>&1
}

stop() {
  alive "$1" || return 0
  local pid
  pid=$(<"$settings/$1.pid")
  kill "$pid"
  for _ in {1..50}; do
    [[ -e /proc/$pid ]] || break
    sleep 0.1
  done
  rm -f "$settings/$1.pid"
}

start_api() {
  start api "$api" --data "$data" --listen "$OUTRIGGER_MASTER0" --version "$(<etc/version)"
}

start_node() {
  start node "$node" run
}

request() {
  bin/tiny-request "$@"
}

# Waits until the API answers; says why it does not.
wait_for_api() {
  local _
  for _ in {1..100}; do
    request GET /readyz >/dev/null 2>&1 && return
    sleep 0.1
  done
  echo "the API does not answer; its log ends with:" >&2
  tail -n 5 /var/log/tiny-api.log >&2
  return 1
}

# What join.sh needs is told in $OUTRIGGER_OUTPUT: these variables are secret and never written down elsewhere.
make_join_variables() {
  TINY_TOKEN=$(request POST /tiny/join-token </dev/null | sed -n 's/.*"token": "\([0-9a-f]*\)".*/\1/p')
  TINY_CA=$(base64 -w 0 "$data/pki/ca.crt")
  printf '%s\n' "TINY_TOKEN=$TINY_TOKEN" "TINY_CA=$TINY_CA" >>"$OUTRIGGER_OUTPUT"
}

# Takes this host in: with TINY_TOKEN and TINY_CA, once.
join_cluster() {
  if [[ ! -e $settings/node.json ]]; then
    base64 -d <<<"$TINY_CA" >"$settings/ca.crt"
    TINY_TOKEN=$TINY_TOKEN "$node" join --api "$OUTRIGGER_MASTER0" --ip "$OUTRIGGER_HOST" --role "$OUTRIGGER_ROLE" --version "$PWD/etc/version"
  fi
  start_node
}
