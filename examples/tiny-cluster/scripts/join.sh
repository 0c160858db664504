#!/bin/bash
# A further host, with what create.sh or join-token.sh has given.
set -euo pipefail
umask 077
. scripts/common.sh
join_cluster
