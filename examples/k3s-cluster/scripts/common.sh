# shellcheck shell=bash
# What the scripts share. Every script may run again after it was interrupted.
data=/var/lib/rancher/k3s
# shellcheck disable=SC2034 # used by the scripts that read this one
config=/etc/rancher/k3s

# k3s in the place where systemd looks for it; the image's version, whole or not at all.
install_k3s() {
  if ! cmp -s bin/k3s /usr/local/bin/k3s; then
    install -m 0755 bin/k3s /usr/local/bin/k3s.new
    mv /usr/local/bin/k3s.new /usr/local/bin/k3s
  fi
  # Images for hosts that reach no registry.
  install -d "$data/agent/images"
  local archive
  for archive in images/*.tar images/*.tar.zst images/*.tar.gz; do
    [[ -e $archive ]] && cp -u "$archive" "$data/agent/images/"
  done
  return 0
}

# unit NAME ARGUMENTS: a service that runs k3s, started again when it ends.
unit() {
  cat >"/etc/systemd/system/$1.service" <<END
[Unit]
Description=$1
After=network-online.target
Wants=network-online.target

[Service]
Type=notify
ExecStart=/usr/local/bin/k3s $2
KillMode=process
Delegate=yes
LimitNOFILE=1048576
TasksMax=infinity
TimeoutStartSec=0
Restart=always
RestartSec=5

[Install]
WantedBy=multi-user.target
END
  systemctl daemon-reload
  systemctl enable --now "$1"
}

# A field of the Clusterfile's settings, or nothing: setting network podCIDR
setting() {
  python3 - "$@" <<'END'
import json, os, sys
value = json.loads(os.environ["OUTRIGGER_CLUSTER"])
for key in sys.argv[1:]:
    value = value.get(key, "") if isinstance(value, dict) else ""
print(",".join(value) if isinstance(value, list) else value)
END
}

# address IP: as a URL has it.
address() {
  if [[ $1 == *:* ]]; then echo "[$1]"; else echo "$1"; fi
}

kubectl() {
  /usr/local/bin/k3s kubectl "$@"
}
