#!/bin/bash
# Every host. k3s goes back within one minor version; further back only with a snapshot of etcd, which is a person's decision.
set -euo pipefail
exec bash scripts/upgrade.sh
