import { quoteWord } from "../shell-words.ts";
import { listFunctions } from "./host-state.ts";
import { applyFunction, applyLines, besideFolder } from "./path-lists.ts";
import type { LargeFile, TransferPlan } from "./transfer-plan.ts";
import type { TreeIndex } from "./tree-index.ts";

/**
 * What all programs begin with. Beside the folder NAME lies `.NAME.outrigger`: `stamp` (the tree's digest and that of the folder's listing, with the times of
 * changes, when it was made so), and while something is sent `new/` (staged files), `large/` (large files by digest) and `receiver` (who reads from stdin).
 */
function beginning(folder: string): string {
  return `f=${quoteWord(folder)} w=${quoteWord(besideFolder(folder))}
umask 077
failed() { finish failed "$1"; }
listing() { find "$f/." -printf '%P\\0%y %m %U %G %s %T@ %C@ %i %l\\0' | sha256sum; }
${listFunctions}${applyFunction}`;
}

/** Finishes with `unchanged`, or prints what there is and finishes with `listed`. */
export function lookProgram(folder: string, index: TreeIndex): string {
  return `${beginning(folder)}
if { read -r made stamp < "$w/stamp"; } 2>/dev/null && [[ $made == ${index.digest} && $stamp == "$(listing)" ]]; then finish unchanged; fi
# One that lost its connection, and would still write what reaches it late.
if { read -r id start < "$w/receiver"; } 2>/dev/null && { read -r stat < "/proc/$id/stat"; } 2>/dev/null; then
  set -- \${stat##*) }
  [[ \${20} != "$start" ]] || kill -KILL -- "-$id" 2>/dev/null
fi
[[ ! -e $f || -d $f ]] || failed "$f is there and is no folder"
(list folder "$f")
(list staged "$w/new")
(list large "$w/large")
finish listed
`;
}

/** A large file with the bytes that are there already. */
export interface LargePart {
  readonly file: LargeFile;
  readonly from: number;
}

/** Reads lists of paths, large files and a tar on stdin, in this order; prints what is then staged, with digests; finishes with `received`. */
export function receiveProgram(folder: string, plan: TransferPlan, large: readonly LargePart[]): string {
  const lines = large.map(({ file, from }) => `  large ${file.digest} ${from} ${file.entry.size - from} || return 1`);
  const attributes = plan.entries.some((entry) => entry.attributes !== undefined) ? "--xattrs '--xattrs-include=*' " : "";
  return `${beginning(folder)}
large() {
  if (($2 == 0)); then : > "$w/large/$1"; else truncate -s "$2" "$w/large/$1"; fi &&
    dd bs=128K count="$3" iflag=fullblock,count_bytes of="$w/large/$1" oflag=append conv=notrunc status=none && [[ $(stat -c %s "$w/large/$1") == $(($2 + $3)) ]]
}
receive() {
  cd -- "$w/new" || return 1
${applyLines(plan.unstage)}
${lines.join("\n")}
  tar -x -p --numeric-owner --same-owner ${attributes}-b 512 -C "$w/new" -f -
}
{ (umask 022; mkdir -p "\${f%/*}") && mkdir -p "$w/new" "$w/large"; } || failed "making a folder beside $f"
# A group of its own, so that what is left of it can be ended when the connection is lost.
set -m
receive <&0 & group=$!
set +m
{ read -r stat < "/proc/$group/stat"; } 2>/dev/null && { set -- \${stat##*) }; printf '%s %s\\n' "$group" "\${20}" > "$w/receiver"; }
wait "$group" || failed "receiving files"
rm -f "$w/receiver"
(list staged "$w/new")
(list large "$w/large")
finish received
`;
}

/** Reads lists of paths; puts what is staged in its place: a new folder at once, else file by file, each whole; then writes the stamp. */
export function commitProgram(folder: string, plan: TransferPlan, index: TreeIndex): string {
  return `${beginning(folder)}
# DIGEST PATH OWNER MODE TIME MORE: a copy where more places will come.
place() {
  local from=$w/large/$1
  if [[ -n $6 ]]; then cp --reflink=auto -- "$from" "$from.copy" && from=$from.copy; fi &&
    chown "$3" "$from" && chmod "$4" "$from" && touch -d "@$5" "$from" && mv -fT -- "$from" "./$2"
}
commit() {
  rm -f "$w/stamp"
  cd -- "${plan.fresh ? "$w/new" : "$f"}" || return 1
${applyLines(plan.changes)}
${placeLines(plan, index)}
${applyLines(plan.links)}
  ${plan.fresh ? 'cd / && mv -T -- "$w/new" "$f" || return 1' : ""}
  rm -rf "$w/new" "$w/large" "$w/list" && sync -f "$f"
}
mkdir -p "$w" || failed "making a folder beside $f"
commit || failed "putting files in their places"
stamp=$(listing)
{ printf '%s %s\\n' ${index.digest} "$stamp" > "$w/stamp.new" && mv -T "$w/stamp.new" "$w/stamp"; } || failed "writing beside $f"
finish committed
`;
}

function placeLines({ places }: TransferPlan, { byPath }: TreeIndex): string {
  const left = new Map([...Map.groupBy(places, ([, digest]) => digest)].map(([digest, group]) => [digest, group.length]));
  return [...places]
    .map(([path, digest]) => {
      const entry = byPath.get(path);
      const more = (left.get(digest) ?? 1) - 1;
      left.set(digest, more);
      const words = [quoteWord(path), `${entry?.uid}:${entry?.gid}`, entry?.mode.toString(8), entry?.modified, more > 0 ? "more" : "''"];
      return `  place ${digest} ${words.join(" ")} || return 1`;
    })
    .join("\n");
}
