import { clusterErrors } from "../errors.ts";
import type { Host } from "../model/host.ts";
import { runRootShell } from "./root-shell.ts";
import { quoteWord } from "./shell-words.ts";
import type { SshLink } from "./ssh-link.ts";
import { outOfTheWay } from "./wrapper-words.ts";

/** Bytes of a file that is read whole. */
export const readLimit: number = 64 * 2 ** 20;

/** @throws host-file-missing; host-file-too-large; errors of {@link runRootShell} */
export async function readHostFile(link: SshLink, host: Host, path: string): Promise<Uint8Array> {
  const pieces: Uint8Array[] = [];
  const file = quoteWord(path);
  const words = await runRootShell(link, host, {
    program: `size=$(stat -L -c %s -- ${file} 2>&1) || finish missing "\${size##*: }"
[[ -f ${file} ]] || finish missing "it is no file"
((size <= ${readLimit})) || finish large "$size"
exec 3>&1
why=$(head -c ${readLimit} -- ${file} 2>&1 >&3) || finish missing "\${why##*: }"
finish read
`,
    onOutput: (stream, piece) => {
      if (stream === "stdout") pieces.push(piece);
    },
  });
  const [kind, ...reason] = outOfTheWay(host, words);
  if (kind === "missing") throw clusterErrors["host-file-missing"]({ host: host.ip, path, reason: reason.join(" ") });
  if (kind === "large") throw clusterErrors["host-file-too-large"]({ host: host.ip, path, bytes: reason.join(" ") });
  return Buffer.concat(pieces);
}

/** Whole or not at all: written beside its place, put on disk, then renamed. @throws host-disk-full; host-command-failed; errors of {@link runRootShell} */
export async function writeHostFile(link: SshLink, host: Host, path: string, content: Uint8Array, mode: number): Promise<void> {
  const words = await runRootShell(link, host, {
    program: `to=${quoteWord(path)}
umask 077
new=\${to%/*}/.\${to##*/}.$$.new
why=$({ mkdir -p -m 0755 -- "\${to%/*}/" && head -c ${content.length} > "$new" && [[ $(stat -c %s -- "$new") == ${content.length} ]] \\
  && chmod ${(mode & 0o7777).toString(8)} -- "$new" && sync -- "$new" && mv -fT -- "$new" "$to"; } 2>&1) && finish written
rm -f -- "$new"
finish failed "\${why##*$'\\n'}"
`,
    onOutput: () => undefined,
    feed: (channel) =>
      new Promise((resolve) => {
        channel.end(Buffer.from(content), () => resolve());
      }),
  });
  outOfTheWay(host, words);
}
