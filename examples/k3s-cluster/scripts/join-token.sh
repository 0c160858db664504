#!/bin/bash
# The first master, before hosts join a cluster that is there. k3s has one token for all time.
set -euo pipefail
. scripts/common.sh
echo "K3S_TOKEN=$(<"$data/server/token")" >>"$OUTRIGGER_OUTPUT"
