#!/bin/bash
# Every host, one after the other, the first master first. Containers go on while the service is started anew.
set -euo pipefail
. scripts/common.sh
install_k3s
if [[ $OUTRIGGER_ROLE == master ]]; then systemctl restart k3s; else systemctl restart k3s-agent; fi
