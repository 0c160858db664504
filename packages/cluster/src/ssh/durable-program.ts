import { createHash } from "node:crypto";
import { clusterErrors } from "../errors.ts";
import { hostFolder } from "../plan/plan-input.ts";
import type { DurableTask } from "./host-connection.ts";
import { groupFunctions, scriptFunction, scriptText } from "./script-program.ts";
import { quoteWord } from "./shell-words.ts";

/** Bytes of each stream of a task that a host keeps, and that are passed on. */
export const taskLogLimit: number = 16 * 2 ** 20;

const tasksFolder = `${hostFolder}/tasks`;

/** Where a host keeps a task. @throws task-key-invalid */
function taskFolder(key: string): string {
  if (!/^[\x20-\x7e]{1,500}$/.test(key)) {
    throw clusterErrors["task-key-invalid"]({ found: JSON.stringify(key.slice(0, 100)), reason: "it is empty, long, or has other signs" });
  }
  return `${tasksFolder}/${createHash("sha256").update(key).digest("hex").slice(0, 40)}`;
}

/**
 * What a task's folder holds: `key`, `script`, `out`, `err`; `begun`, made once, with who watches over the script (process, its start, the boot); `group`, the
 * script's group of processes; `status`, of one length from the beginning, so that its end can be written on a full disk.
 */
const common = `# In $words: what tells a process from a later one with its number. Each process less counts where many tasks begin at once.
proc() {
  local stat
  words=
  { read -r stat < "/proc/$1/stat"; } 2>/dev/null || return 1
  set -- "$1" \${stat##*) }
  [[ $2 != Z ]] && words="$1 \${21} $boot"
}
read -r boot < /proc/sys/kernel/random/boot_id
state() { now=; { read -r now < "$t/status"; } 2>/dev/null; }
# Whether somebody watches over the script, or the script itself still runs.
alive() {
  local id who words
  for who in begun group; do
    { read -r id < "$t/$who"; } 2>/dev/null && proc "\${id%% *}" && [[ $words == "$id" ]] && return 0
  done
  return 1
}
umask 077
`;

/** The processes that stay when the connection goes: one that waits for the script, one that ends it when its time is over, two that keep what it prints. */
const supervisor = `keep() { [[ -z \${out-} ]] || exec {out}>&-; trap '' XFSZ; ulimit -f ${taskLogLimit / 1024}; exec tee "$t/$1" >/dev/null; }
supervise() {
  trap '' HUP
  exec </dev/null 2>/dev/null
  local self=$BASHPID words
  proc "$self"
  printf '%s\\n' "$words" > "$t/begun.$self" || { echo no-room; return; }
  # Made by one alone: two that ask at once do not start it twice.
  ln "$t/begun.$self" "$t/begun" || { [[ -e $t/begun ]] || echo no-room; return; }
  printf '%-30s\\n' running > "$t/status" || { rm -f "$t/begun"; echo no-room; return; }
  sync "$t/begun" "$t"
  exec {out}> >(keep out); local keepout=$!
  exec {err}> >(keep err); local keeperr=$!
  umask "$mask"
  in_group script "$t/script" >&"$out" 2>&"$err" {out}>&- {err}>&-
  umask 077
  exec {out}>&- {err}>&-
  proc "$group"
  printf '%s\\n' "$words" > "$t/group"
  quiet
  local over=
  trap 'over=1' USR1
  { nothing "$timeout"; kill -USR1 "$self"; end_group "$group"; } >/dev/null & local clock=$!
  while wait "$group"; code=$?; kill -0 "$group"; do :; done
  wait "$group"; code=$?
  if [[ -n $over ]]; then wait "$clock"; code=timed-out; else kill "$clock"; code="ended $code"; fi
  # What it printed is all kept when nothing holds the pipes any more; processes that it left behind may hold them for ever.
  local i
  for ((i = 0; i < 60; i += 1)); do
    kill -0 "$keepout" || kill -0 "$keeperr" || break
    nothing 0.005
  done
  printf '%-30s\\n' "$code" 1<> "$t/status"
}
`;

/** Passes on what the script prints, from where the last connection stopped, until it has ended. */
const follower = `pass() {
  [[ ! -s $t/out ]] || cat <&3
  [[ ! -s $t/err ]] || cat <&4 >&2
}
# Passes on what may be new since the last look: of the same time counts as new.
look() {
  [[ $seen -nt $t/out && $seen -nt $t/err ]] && return
  { : > "$seen"; } 2>/dev/null
  pass
}
follow() {
  # The first time as long as most tasks take: then nothing has to be passed on twice.
  local pause=0.04 word= seen=$t/seen.$BASHPID
  exec 3< "$t/out" 4< "$t/err" || finish failed "its log is gone"
  if (($1 > 0)); then head -c "$1" <&3 >/dev/null; fi
  if (($2 > 0)); then head -c "$2" <&4 >/dev/null; fi
  while :; do
    state
    case $now in ended* | timed-out) break ;; esac
    # Asked twice, for it may have ended between the questions.
    if [[ -z \${done-} ]] && ! alive; then
      state
      [[ -e $t/begun ]] || finish failed "the task could not be started"
      [[ -n $now && $now != running ]] || now=interrupted
      break
    fi
    if [[ -n \${done-} ]]; then
      read -r -t "$pause" -u "$done" word
      case $?:$word in
        *:no-room) finish no-room "the disk of ${hostFolder} is full" ;;
        1:*) exec {done}<&-; done= ;;
      esac
    else
      nothing "$pause"
    fi
    [[ $pause == 0.04 && -z \${done-} ]] || look
    case $pause in 0.04) pause=0.05 ;; 0.05) pause=0.1 ;; *) pause=0.25 ;; esac
  done
  pass
  finish "$now" "$3"
}
`;

export interface Passed {
  readonly stdout: number;
  readonly stderr: number;
}

/** Starts a task, or finds it again; prints what it prints beyond `passed` bytes; finishes with how it ended and `new` or `attached`. */
export function runProgram(task: DurableTask, passed: Passed): string {
  const folder = taskFolder(task.key);
  return `while read -r name mask; do [[ $name != Umask: ]] || break; mask=; done < /proc/self/status
[[ -n $mask ]] || mask=$(umask)
t=${folder}
${common}${groupFunctions}${scriptFunction(task.script, task.secrets)}${supervisor}${follower}
timeout=${task.timeout / 1000}
if [[ -e $t/begun ]]; then follow ${passed.stdout} ${passed.stderr} attached; fi
# The folder is everybody's to read, for rootfs lie there; tasks are not.
begin() {
  { [[ -d ${hostFolder} ]] || mkdir -p -m 0755 ${hostFolder}; } && mkdir -p "$t" && printf '%s' ${quoteWord(scriptText(task.script))} > "$t/script" &&
    printf '%s\\n' ${quoteWord(task.key)} > "$t/key" && : >> "$t/out" && : >> "$t/err"
}
begin 2>/dev/null || why=$(begin 2>&1) || finish failed "\${why##*$'\\n'}"
exec {done}< <(supervise)
follow 0 0 new
`;
}

/** Ends a task that runs, or keeps it from ever beginning. */
export function stopProgram(key: string): string {
  return `t=${taskFolder(key)}
${common}own=
${groupFunctions}
mkdir -p "$t" 2>/dev/null
if (set -C; echo stopped > "$t/begun") 2>/dev/null; then
  : >> "$t/out"; : >> "$t/err"
  printf '%s\\n' ${quoteWord(key)} > "$t/key"
  printf '%-30s\\n' 'ended 143' > "$t/status"
  finish stopped
fi
for ((i = 0; i < 100; i += 1)); do [[ -s $t/group ]] && break; nothing 0.02; done
state
case $now in ended* | timed-out) finish stopped ;; esac
{ read -r id < "$t/group"; } 2>/dev/null && proc "\${id%% *}" && [[ $words == "$id" ]] && end_group "\${id%% *}"
for ((i = 0; i < 100; i += 1)); do state; [[ $now == running ]] && alive || break; nothing 0.02; done
finish stopped
`;
}

/** Takes away what is kept of tasks that have ended and whose keys begin so, a folder with what they gave, and folders of ours that are empty then. */
export function forgetProgram(keyPrefix: string, outputs: string | undefined): string {
  return `${common}prefix=${quoteWord(keyPrefix)}
gone=(${outputs === undefined ? "" : quoteWord(outputs)})
for t in ${tasksFolder}/*/; do
  t=\${t%/}
  { read -r key < "$t/key"; } 2>/dev/null || continue
  [[ $key == "$prefix"* ]] || continue
  state
  [[ $now == running ]] && alive && continue
  gone+=("$t")
done
# No more at once than a command line has room for.
away() { for ((i = 0; i < \${#gone[@]}; i += 1000)); do rm -rf -- "\${gone[@]:i:1000}" || return; done; }
away 2>/dev/null || why=$(away 2>&1) || finish failed "\${why##*$'\\n'}"
shopt -s nullglob
clusters=(${hostFolder}/clusters/*)
((\${#clusters[@]} > 0)) || rmdir -- ${hostFolder}/{tasks,clusters} 2>/dev/null
finish forgotten
`;
}
