import { clusterErrors } from "../errors.ts";
import type { Host } from "../model/host.ts";
import { type Passed, runProgram, stopProgram, taskLogLimit } from "./durable-program.ts";
import type { DurableTask, OutputListener, TaskOutcome } from "./host-connection.ts";
import type { LastingLink } from "./lasting-link.ts";
import { runRootShell } from "./root-shell.ts";
import { outOfTheWay } from "./wrapper-words.ts";

export interface RunOptions {
  readonly signal: AbortSignal;
  readonly onOutput: OutputListener;
}

/**
 * Runs a durable task once, however often the connection is lost meanwhile: what was passed on already is not asked for again. Of each stream the host keeps and
 * passes on the first 16 MiB; what comes after is dropped, and a line says so. The outcome does not wait for processes that the script has left behind and that
 * still hold its output. When aborted, the script's processes are ended.
 *
 * @throws the signal's reason; host-disk-full; task-key-invalid; task-variable-invalid; errors of the link and of {@link runRootShell}
 */
export async function runTask(link: LastingLink, host: Host, task: DurableTask, { signal, onOutput }: RunOptions): Promise<TaskOutcome> {
  signal.throwIfAborted();
  const passed: { -readonly [Stream in keyof Passed]: number } = { stdout: 0, stderr: 0 };
  let sent = false;
  try {
    const words = await link.use(async (current) => {
      const program = runProgram(task, passed);
      sent = true;
      return await runRootShell(current, host, {
        program,
        signal,
        // It goes on by itself: it is ended by another program.
        leaveTime: 0,
        onOutput: (stream, piece) => {
          passed[stream] += piece.length;
          onOutput(stream, piece);
          if (passed[stream] >= taskLogLimit && passed[stream] - piece.length < taskLogLimit) onOutput(stream, limitReached);
        },
      });
    }, signal);
    signal.throwIfAborted();
    return outcomeOf(host, words);
  } catch (error) {
    if (signal.aborted && sent) await stopTask(link, host, task.key);
    throw error;
  }
}

const limitReached: Uint8Array = Buffer.from(
  `\n[Outrigger: the first ${taskLogLimit / 2 ** 20} MiB of this stream; the rest is not kept]\n`,
);
const stopTime = 30_000;

/** As far as the host can be reached: otherwise the script goes on until its time is over. */
async function stopTask(link: LastingLink, host: Host, key: string): Promise<void> {
  const program = stopProgram(key);
  const stop = link.use(
    (current) => runRootShell(current, host, { program, urgent: true, onOutput: () => undefined }),
    AbortSignal.timeout(stopTime),
  );
  await stop.catch(() => undefined);
}

function outcomeOf(host: Host, words: string): TaskOutcome {
  const [kind, ...rest] = outOfTheWay(host, words);
  const attached = rest.at(-1) === "attached";
  if (kind === "ended") return { kind, exit: Number(rest[0]), attached };
  if (kind === "timed-out") return { kind, attached };
  if (kind === "interrupted") return { kind };
  throw clusterErrors["host-command-failed"]({ host: host.ip, what: "a task", reason: `bash finished with ${JSON.stringify(words)}` });
}
