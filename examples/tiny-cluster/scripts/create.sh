#!/bin/bash
# The first master: certificates, the API, and this host as its first node.
set -euo pipefail
umask 077
. scripts/common.sh
install -d -m 0700 "$data" "$data/pki"
echo "$OUTRIGGER_MASTER0" >"$data/address"

key() { openssl ecparam -name prime256v1 -genkey -noout -out "$data/pki/$1.key"; }

# signed NAME SUBJECT EXTENSIONS: whole or not at all, since the certificate comes last.
signed() {
  [[ -e $data/pki/$1.crt ]] && return
  key "$1"
  openssl req -new -key "$data/pki/$1.key" -subj "$2" |
    openssl x509 -req -days 3650 -CA "$data/pki/ca.crt" -CAkey "$data/pki/ca.key" -set_serial "0x$(openssl rand -hex 15)" \
      -extfile <(echo "$3") -out "$data/pki/$1.new" 2>/dev/null
  mv "$data/pki/$1.new" "$data/pki/$1.crt"
}

if [[ ! -e $data/pki/ca.crt ]]; then
  key ca
  openssl req -new -x509 -days 3650 -key "$data/pki/ca.key" -subj "/CN=tiny-$OUTRIGGER_CLUSTER_NAME" -out "$data/pki/ca.new"
  mv "$data/pki/ca.new" "$data/pki/ca.crt"
fi
signed server /CN=tiny-api "subjectAltName=IP:$OUTRIGGER_MASTER0
extendedKeyUsage=serverAuth"
signed admin /O=system:masters/CN=admin "extendedKeyUsage=clientAuth"

host=$OUTRIGGER_MASTER0
[[ $host == *:* ]] && host="[$host]"
encoded() { base64 -w 0 "$data/pki/$1"; }
cat >"$settings/admin.conf" <<END
apiVersion: v1
kind: Config
clusters: [{ name: tiny, cluster: { server: "https://$host:6443", certificate-authority-data: $(encoded ca.crt) } }]
users: [{ name: admin, user: { client-certificate-data: $(encoded admin.crt), client-key-data: $(encoded admin.key) } }]
contexts: [{ name: tiny, context: { cluster: tiny, user: admin } }]
current-context: tiny
END

start_api
wait_for_api
echo "KUBECONFIG=$settings/admin.conf" >>"$OUTRIGGER_OUTPUT"
make_join_variables
join_cluster
echo "the API is up on $OUTRIGGER_MASTER0"
