import { randomBytes } from "node:crypto";
import type { ClientChannel } from "ssh2";
import { clusterErrors } from "../errors.ts";
import type { Host } from "../model/host.ts";
import type { OutputListener } from "./host-connection.ts";
import { MarkedOutput } from "./marked-output.ts";
import { quoteWord } from "./shell-words.ts";
import { type HostSession, LinkLostError, type SshLink } from "./ssh-link.ts";

export interface RootShell {
  /** Bash functions and commands; prints its body, then calls `finish WORDS`, which ends it. */
  readonly program: string;
  readonly onOutput: OutputListener;
  /** Called when the program has begun; writes what the program reads on stdin. Without it stdin stays open until the end. */
  readonly feed?: (channel: ClientChannel) => Promise<void>;
  /** Closes the program's stdin, by which it learns that it is no longer wanted; it has `leaveTime` milliseconds to end (10,000). */
  readonly signal?: AbortSignal;
  readonly leaveTime?: number;
  /** Does not wait for other sessions of the link. */
  readonly urgent?: boolean;
  /** Milliseconds after which a host that says nothing more is given up. */
  readonly deadline?: number;
}

const usualLeaveTime = 10_000;

/**
 * Runs a program of ours by bash as root and gives the words that it finishes with. It is sent on stdin, so nothing of it stands on a command line; what a login
 * shell's start files print is left out.
 *
 * @throws LinkLostError; host-bash-missing; host-shell-ended; host-timeout; sudo-refused; ssh-sessions-refused; what `feed` throws
 */
export async function runRootShell(link: SshLink, host: Host, shell: RootShell): Promise<string> {
  const { channel, exit, closed } = await openSession(link, host, shell.urgent === true);
  const mark = `\u001e${randomBytes(16).toString("hex")}`;
  const stdout = new MarkedOutput(mark, (piece) => shell.onOutput("stdout", piece));
  const stderr = new MarkedOutput(mark, (piece) => shell.onOutput("stderr", piece));
  const end = Promise.withResolvers<void>();
  const listen = (output: MarkedOutput, stream: NodeJS.ReadableStream): void => {
    stream.on("data", (piece: Buffer) => {
      output.push(piece);
      if (stdout.trailer !== undefined && stderr.trailer !== undefined) end.resolve();
    });
  };
  listen(stdout, channel);
  listen(stderr, channel.stderr);
  void closed.then(end.resolve);
  const timers: NodeJS.Timeout[] = [];
  const giveUpAfter = (time: number): void => void timers.push(setTimeout(() => end.resolve(), time));
  const leave = (): void => {
    channel.end();
    giveUpAfter(shell.leaveTime ?? usualLeaveTime);
  };
  let late = false;
  if (shell.deadline !== undefined) {
    timers.push(
      setTimeout(() => {
        late = true;
        end.resolve();
      }, shell.deadline),
    );
  }
  shell.signal?.addEventListener("abort", leave);
  try {
    const program = `${opening(mark)}${shell.program}`;
    const bytes = Buffer.from(program);
    channel.write(`${bytes.length}\n`);
    channel.write(bytes);
    if (shell.signal?.aborted === true) leave();
    if (shell.feed !== undefined) await Promise.race([shell.feed(channel), end.promise]);
    await end.promise;
  } finally {
    shell.signal?.removeEventListener("abort", leave);
    for (const timer of timers) clearTimeout(timer);
    // Also where something on the host still holds the other end.
    channel.close();
  }
  if (stdout.trailer !== undefined && stderr.trailer !== undefined) return stdout.trailer;
  shell.signal?.throwIfAborted();
  if (late) throw clusterErrors["host-timeout"]({ host: host.ip, what: "a script", seconds: (shell.deadline ?? 0) / 1000 });
  // The link's own end is told after that of its channels.
  const lost = await Promise.race([link.ended, new Promise<undefined>((resolve) => setImmediate(resolve, undefined))]);
  if (lost !== undefined) throw new LinkLostError(lost);
  throw shellError(host, exit(), stdout.begun, `${stdout.noise}\n${stderr.noise}`.trim());
}

/** Reads a program's length and then no more than the program. Every login shell takes it so: words in single quotes. */
const loader = `bash -c 'read -r length; eval "$(head -c "$length")"'`;

async function openSession(link: SshLink, host: Host, urgent: boolean): Promise<HostSession> {
  const command = host.ssh.user === "root" ? loader : `sudo -n -H ${loader}`;
  try {
    return await link.run(command, urgent);
  } catch (error) {
    if (error instanceof LinkLostError || !(error instanceof Error)) throw error;
    const details = { host: host.ip, user: host.ssh.user, reason: error.message };
    throw clusterErrors["ssh-sessions-refused"](details, { cause: error });
  }
}

/** `finish WORDS` ends both streams, each with its mark. */
function opening(mark: string): string {
  return `m=${quoteWord(mark)}
printf '%s<\\n' "$m"; printf '%s<\\n' "$m" >&2
finish() { printf '%s>\\n' "$m" >&2; printf '%s>%s\\n' "$m" "$*"; exit 0; }
((BASH_VERSINFO[0] * 100 + BASH_VERSINFO[1] >= 404)) || finish old-bash "$BASH_VERSION"
PATH=$PATH:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
`;
}

function shellError(host: Host, exit: number | undefined, begun: boolean, noise: string) {
  const output = noise === "" ? "it printed nothing" : (noise.split("\n").at(-1) ?? "");
  if (begun) {
    const reason = `bash ended in the middle (${exit === undefined ? "by a signal" : `exit ${exit}`})`;
    return clusterErrors["host-command-failed"]({ host: host.ip, what: "a script of Outrigger", reason });
  }
  const details = { host: host.ip, user: host.ssh.user };
  if (exit === 127 && /\bbash\b/.test(noise) && !/\bsudo\b.*not found/.test(noise)) {
    return clusterErrors["host-bash-missing"]({ host: host.ip, reason: output });
  }
  if (host.ssh.user !== "root" && /\bsudo\b/.test(noise)) return clusterErrors["sudo-refused"]({ ...details, reason: output });
  return clusterErrors["host-shell-ended"]({ ...details, exit: exit ?? "by a signal", output });
}
