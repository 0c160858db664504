#!/bin/bash
# A further host, with K3S_TOKEN of create.sh or join-token.sh. The token comes to stay in a file of root's, never in a unit.
set -euo pipefail
umask 077
. scripts/common.sh
install -d "$config"
{
  echo "server: \"https://$(address "$OUTRIGGER_MASTER0"):6443\""
  echo "token: \"$K3S_TOKEN\""
  echo "node-ip: \"$OUTRIGGER_HOST\""
} >"$config/config.yaml"
if [[ $OUTRIGGER_ROLE == master ]]; then unit k3s server; else unit k3s-agent agent; fi
