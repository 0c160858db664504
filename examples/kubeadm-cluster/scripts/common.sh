# shellcheck shell=bash
# What the scripts share. Every script may run again after it was interrupted.
export KUBECONFIG=/etc/kubernetes/admin.conf
# shellcheck disable=SC2034 # used by the scripts that read this one
init_config=/etc/kubernetes/outrigger-init.yaml

# The programs of the image, each whole or not at all.
install_programs() {
  local program
  for program in "$@"; do
    cmp -s "bin/$program" "/usr/bin/$program" && continue
    install -m 0755 "bin/$program" "/usr/bin/$program.new"
    mv "/usr/bin/$program.new" "/usr/bin/$program"
  done
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

# The name of the node with this address; nothing where there is none.
node_of() {
  kubectl get nodes -o 'jsonpath={range .items[*]}{.metadata.name} {.status.addresses[?(@.type=="InternalIP")].address}{"\n"}{end}' |
    awk -v ip="$1" '$2 == ip { print $1 }'
}

# A token for an hour or two, the hash of the authority, and the key of the certificates that masters fetch: never on a command line.
make_join_variables() {
  local command key
  command=$(kubeadm token create --ttl 2h --print-join-command)
  key=$(kubeadm init phase upload-certs --upload-certs --config "$init_config" | tail -n 1)
  {
    sed -n 's/.*--token \([^ ]*\).*/KUBEADM_TOKEN=\1/p' <<<"$command"
    sed -n 's/.*--discovery-token-ca-cert-hash \([^ ]*\).*/KUBEADM_CA_HASH=\1/p' <<<"$command"
    echo "KUBEADM_CERTIFICATE_KEY=$key"
  } >>"$OUTRIGGER_OUTPUT"
}
