import { clusterErrors } from "../errors.ts";
import type { Host } from "../model/host.ts";
import type { HostScript } from "../plan/plan.ts";
import type { ExecResult, OutputListener } from "./host-connection.ts";
import { runRootShell } from "./root-shell.ts";
import { groupFunctions, scriptFunction, scriptText } from "./script-program.ts";
import { quoteWord } from "./shell-words.ts";
import type { SshLink } from "./ssh-link.ts";
import { outOfTheWay } from "./wrapper-words.ts";

export interface ExecOptions {
  /** Milliseconds. */
  readonly timeout: number;
  readonly signal?: AbortSignal;
  readonly secrets?: Readonly<Record<string, string>>;
  readonly onOutput?: OutputListener;
}

const keptBytes = 2 ** 20;
/** Milliseconds after which a host that does not stop a script itself is left alone. */
const deadlineAfter = 20_000;

/** Runs a script that ends with the connection: its group of processes is ended when stdin closes or the time is over. @throws host-timeout and what {@link runRootShell} throws */
export async function execScript(link: SshLink, host: Host, script: HostScript, options: ExecOptions): Promise<ExecResult> {
  const kept = { stdout: new KeptText(), stderr: new KeptText() };
  const words = await runRootShell(link, host, {
    program: execProgram(script, options),
    deadline: options.timeout + deadlineAfter,
    ...(options.signal === undefined ? {} : { signal: options.signal }),
    onOutput: (stream, piece) => {
      kept[stream].push(piece);
      options.onOutput?.(stream, piece);
    },
  });
  options.signal?.throwIfAborted();
  const [kind, detail = ""] = outOfTheWay(host, words);
  if (kind === "timed-out") throw clusterErrors["host-timeout"]({ host: host.ip, what: "a script", seconds: options.timeout / 1000 });
  return { exit: Number(detail), stdout: kept.stdout.text(), stderr: kept.stderr.text() };
}

/** The script comes through a pipe: nothing of it is left on the host. */
function execProgram(script: HostScript, { timeout, secrets = {} }: ExecOptions): string {
  return `text=${quoteWord(scriptText(script))}
${groupFunctions}${scriptFunction(script, secrets)}
exec 8<&0
in_group script /dev/fd/9 9< <(printf '%s' "$text") 8<&-
# Waits for the end of stdin or of the time, whichever comes first; ended by this shell when the script is through.
{ read -r -t ${timeout / 1000} -u 8; how=$?; trap '' TERM; end_group "$group"; ((how <= 128)); exit; } >/dev/null 2>&1 & watcher=$!
wait "$group" 2>/dev/null; exit=$?
kill "$watcher" 2>/dev/null
wait "$watcher" 2>/dev/null; how=$?
if ((how == 1)); then finish timed-out; fi
finish ended "$exit"
`;
}

/** Output as text, cut where it is too long. */
class KeptText {
  readonly #pieces: Uint8Array[] = [];
  #bytes = 0;

  push(piece: Uint8Array): void {
    if (this.#bytes < keptBytes) this.#pieces.push(piece.subarray(0, keptBytes - this.#bytes));
    this.#bytes += piece.length;
  }

  text(): string {
    const text = Buffer.concat(this.#pieces).toString("utf8");
    return this.#bytes <= keptBytes ? text : `${text}\n[cut: the first 1 MiB of ${this.#bytes} bytes]\n`;
  }
}
