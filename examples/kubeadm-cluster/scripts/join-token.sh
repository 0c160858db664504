#!/bin/bash
# The first master, before hosts join a cluster that is there.
set -euo pipefail
umask 077
. scripts/common.sh
make_join_variables
