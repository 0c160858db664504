import { hostFolder } from "../../plan/plan-input.ts";

/**
 * Bash functions, with nothing but bash and coreutils. `set_name` sets the name for now and for the next boot; `right_hosts` keeps /etc/hosts so that the name
 * stands for this host and nothing else: entries of the former name get the new one, other hosts' lines lose it, and a line is added where there is none.
 */
const functions = `former_file="${hostFolder}/clusters/$OUTRIGGER_CLUSTER_NAME/former-hostnames/$OUTRIGGER_PLUGIN"
name_now() { cat /proc/sys/kernel/hostname; }

replace_file() {
  local new="$1.outrigger"
  cat >"$new"
  chmod --reference="$1" "$new" 2>/dev/null || chmod 0644 "$new"
  # A file that is mounted by itself can't be replaced, only written.
  mv -f "$new" "$1" 2>/dev/null || { cat "$new" >"$1" && rm -f "$new"; }
}

set_name() {
  if command -v hostnamectl >/dev/null; then timeout 30 hostnamectl set-hostname "$1" 2>/dev/null || true; fi
  # In a container /proc/sys may be read-only where the name itself can be set.
  if [ "$(name_now)" != "$1" ]; then hostname "$1" 2>/dev/null || printf '%s\\n' "$1" >/proc/sys/kernel/hostname; fi
  if [ "$(cat /etc/hostname 2>/dev/null || true)" != "$1" ]; then printf '%s\\n' "$1" | replace_file /etc/hostname; fi
  if [ "$(name_now)" = "$1" ]; then return; fi
  echo "the hostname has not become $1: it is $(name_now)" >&2
  exit 1
}

right_hosts() {
  local former="$1" name="$2" short="\${2%%.*}" found= new= old line text word words kept here changed
  case "$former" in "$name" | localhost*) former= ;; esac
  old="$(cat /etc/hosts 2>/dev/null || true; printf x)"
  old="\${old%x}"
  while [ -n "$old" ] && IFS= read -r line; do
    text="\${line%%#*}" here= changed= kept=()
    read -r -a words <<<"$text"
    case "\${words[0]-}" in "$OUTRIGGER_HOST" | 127.* | ::1) here=1 ;; esac
    for word in "\${words[@]:1}"; do
      if [ -n "$here" ] && [ "$word" = "$former" ]; then
        word="$name" changed=1
      elif [ -n "$here" ] && [ -n "$former" ] && [ "$word" = "\${former%%.*}" ]; then
        word="$short" changed=1
      elif [ -z "$here" ] && [ "$word" = "$name" ]; then
        changed=1
        continue
      fi
      if [ -n "$here" ] && [ "$word" = "$name" ]; then found=1; fi
      case " \${kept[*]-} " in *" $word "*) ;; *) kept+=("$word") ;; esac
    done
    if [ -z "$changed" ]; then
      new+="$line"$'\\n'
    elif [ "\${#kept[@]}" -gt 0 ]; then
      new+="\${words[0]}"$'\\t'"\${kept[*]}"
      if [ "$text" != "$line" ]; then new+=" #\${line#*#}"; fi
      new+=$'\\n'
    fi
  done <<<"\${old%$'\\n'}"
  if [ -z "$found" ]; then
    new+="$OUTRIGGER_HOST"$'\\t'"$name"
    if [ "$short" != "$name" ]; then new+=" $short"; fi
    new+=$'\\n'
  fi
  if [ "$new" != "$old" ]; then printf '%s' "$new" | replace_file /etc/hosts; fi
}
`;

/** Names the host OUTRIGGER_HOSTNAME; its former name is kept until the cluster leaves it. */
export const hostnameScript: string = `${functions}
former="$(name_now)"
if [ "$former" != "$OUTRIGGER_HOSTNAME" ]; then
  mkdir -p "$(dirname "$former_file")"
  printf '%s\\n' "$former" >"$former_file"
  echo "hostname: $former -> $OUTRIGGER_HOSTNAME"
fi
set_name "$OUTRIGGER_HOSTNAME"
right_hosts "$former" "$OUTRIGGER_HOSTNAME"
`;

/** Gives the host the name back that it had. */
export const hostnameUndo: string = `${functions}
if [ ! -f "$former_file" ]; then exit 0; fi
former="$(cat "$former_file")"
now="$(name_now)"
echo "hostname: $now -> $former"
set_name "$former"
right_hosts "$now" "$former"
rm -f "$former_file"
`;
