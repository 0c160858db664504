import type { DockerClient } from "./client.ts";
import { frames, lines } from "./streams.ts";

export interface ExecResult {
  /** Null where the engine does not tell. */
  readonly exitCode: number | null;
  /** The last lines that it wrote, without empty ones. */
  readonly lines: readonly string[];
}

/** Runs a command in a running container, as the container's user, until it ends. */
export async function execIn(
  client: DockerClient,
  id: string,
  command: readonly string[],
  { signal, keep }: { readonly signal: AbortSignal; readonly keep: number },
): Promise<ExecResult> {
  const body = { AttachStdout: true, AttachStderr: true, Cmd: command };
  const { Id } = await client.call<{ readonly Id: string }>("POST", `/containers/${id}/exec`, { body, signal });
  const output = await client.stream("POST", `/exec/${Id}/start`, { body: { Detach: false, Tty: false }, signal });
  let last: readonly string[] = [];
  for await (const { text } of lines(frames(output))) if (text.trim() !== "") last = [...last, text.trim()].slice(-keep);
  const { ExitCode } = await client.call<{ readonly ExitCode: number | null }>("GET", `/exec/${Id}/json`, { signal });
  return { exitCode: ExitCode, lines: last };
}
