/**
 * Makes a snapshot by etcdctl (of the rootfs's `bin`, of PATH, or in etcd's container), verifies it, and puts it in place of the one before. What fails leaves
 * that one as it is. Keys are used where they are.
 */
export const etcdScript: string = `umask 077
# etcdctl takes no variable beside the flag of the same name.
for name in "\${!ETCDCTL_@}"; do unset "$name"; done
export ETCDCTL_API=3
if [ -n "\${OUTRIGGER_ROOTFS:-}" ]; then PATH="$OUTRIGGER_ROOTFS/bin:$PATH"; fi
folder="$(dirname "$BACKUP_PATH")"
partial="$BACKUP_PATH.partial"
fail() {
  printf '%s\\n' "$*" >&2
  exit 1
}
if [ -d "$BACKUP_PATH" ]; then fail "$BACKUP_PATH is a folder; the snapshot's path is a file's"; fi

pki=/etc/kubernetes/pki/etcd
flags=()
case "$BACKUP_ENDPOINTS" in
*https://*)
  cacert="\${BACKUP_CACERT:-$pki/ca.crt}" cert="$BACKUP_CERT" key="$BACKUP_KEY"
  for pair in healthcheck-client server; do
    if [ -z "$cert" ] && [ -r "$pki/$pair.crt" ] && [ -r "$pki/$pair.key" ]; then cert="$pki/$pair.crt" key="$pki/$pair.key"; fi
  done
  if [ -z "$cert" ]; then fail "there is no client certificate for etcd in $pki; name one: data: { cacert, cert, key }"; fi
  for file in "$cacert" "$cert" "$key"; do
    if [ ! -r "$file" ]; then fail "there is no file $file"; fi
  done
  flags=(--cacert "$cacert" --cert "$cert" --key "$key")
  ;;
esac

# etcd's container has etcd's data folder at the same path as the host: that is how the snapshot comes out.
prefix=() file="$partial" container=
if ! command -v etcdctl >/dev/null; then
  file=/var/lib/etcd/outrigger-snapshot.partial
  if command -v crictl >/dev/null; then container="$(crictl ps --quiet --state Running --name '^etcd$' | head -n 1)"; fi
  if [ -n "$container" ]; then
    prefix=(crictl exec "$container")
  elif command -v kubectl >/dev/null && [ -r /etc/kubernetes/admin.conf ]; then
    prefix=(kubectl --kubeconfig /etc/kubernetes/admin.conf --namespace kube-system exec "etcd-$(uname -n)" --)
  else
    fail "there is no etcdctl on this host, and no container of etcd that crictl or kubectl finds; put etcdctl into the image's bin/"
  fi
fi

cleanup() { rm -f "$partial" "$partial.part" "$file" "$file.part"; }
trap cleanup EXIT
trap 'exit 143' TERM INT HUP
mkdir -p "$folder"
cleanup

saved=
for endpoint in $BACKUP_ENDPOINTS; do
  # Asked first, since \`snapshot save\` waits for ever where nobody answers. A member can say how it is also when the others are gone.
  asked=("\${prefix[@]}" etcdctl --endpoints "$endpoint" "\${flags[@]}")
  if "\${asked[@]}" endpoint status >/dev/null && "\${asked[@]}" snapshot save "$file"; then
    saved="$endpoint"
    break
  fi
done
if [ -z "$saved" ]; then fail "no snapshot: none of $BACKUP_ENDPOINTS gave one"; fi
# Since etcd 3.6 only etcdutl looks at snapshots, before 3.5 only etcdctl.
if ! status="$("\${prefix[@]}" etcdutl snapshot status "$file" --write-out table 2>/dev/null)" &&
  ! status="$("\${prefix[@]}" etcdctl snapshot status "$file" --write-out table)"; then
  fail "the snapshot can't be verified; it is not kept"
fi
if [ "$file" != "$partial" ]; then mv -f "$file" "$partial"; fi
# The two look at the database's pages alone. etcd writes the SHA-256 of them behind them.
size="$(stat --format %s "$partial")"
if ((size % 512 != 32)) || [ "$(head -c -32 "$partial" | sha256sum | cut -d " " -f 1)" != "$(tail -c 32 "$partial" | od -An -v -tx1 | tr -d " \\n")" ]; then
  fail "the snapshot is damaged: its checksum doesn't fit; it is not kept"
fi
chmod 0600 "$partial"
sync "$partial"

if [ "$BACKUP_KEEP" -gt 1 ] && [ -e "$BACKUP_PATH" ]; then
  before="$BACKUP_PATH.$(date -u -r "$BACKUP_PATH" +%Y%m%dT%H%M%S.%NZ)"
  ln -f "$BACKUP_PATH" "$before"
fi
mv -f "$partial" "$BACKUP_PATH"
stamp='[0-9][0-9][0-9][0-9][0-9][0-9][0-9][0-9]T[0-9][0-9][0-9][0-9][0-9][0-9].[0-9][0-9][0-9][0-9][0-9][0-9][0-9][0-9][0-9]Z'
shopt -s nullglob
older=("$BACKUP_PATH".$stamp)
for ((at = 0; at < \${#older[@]} - (BACKUP_KEEP - 1); at += 1)); do rm -f "\${older[at]}"; done
printf '%s\\n' "$status" "$BACKUP_PATH: $(stat --format %s "$BACKUP_PATH") bytes from $saved"
`;
