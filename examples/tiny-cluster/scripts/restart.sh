#!/bin/bash
# What upgrade.sh and rollback.sh have in common: programs of the files that are there now, with the data that was there before.
set -euo pipefail
. scripts/common.sh
if [[ $OUTRIGGER_HOST == "$OUTRIGGER_MASTER0" ]]; then
  stop api
  start_api
  wait_for_api
fi
stop node
start_node
echo "$(<etc/version) runs, $OUTRIGGER_VERSION_FROM before"
