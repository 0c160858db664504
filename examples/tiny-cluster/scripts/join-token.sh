#!/bin/bash
# The first master, before hosts join a cluster that is there.
set -euo pipefail
umask 077
. scripts/common.sh
start_api
wait_for_api
make_join_variables
