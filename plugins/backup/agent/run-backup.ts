import { spawn } from "node:child_process";
import { createHash } from "node:crypto";
import type { Settings } from "./settings.ts";
import type { Run } from "./state.ts";
import type { Incoming, Store } from "./store.ts";

const endings = { gzip: ".tar.gz", zstd: ".tar.zst", none: ".tar" } as const;
const options = { gzip: ["--gzip"], zstd: ["--zstd"], none: [] } as const;
// Tar says so where files changed while it read them; what it wrote can be used.
const changedMeanwhile = 1;

/** Packs the source into the store and removes what is more than `keep`. Never throws: the run says how it went. */
export async function runBackup(settings: Settings, store: Store, signal: AbortSignal): Promise<Run> {
  const started = new Date();
  const archive = `${settings.name}-${started.toISOString().replace(/[-:]|\.[0-9]{3}/g, "")}${endings[settings.compression]}`;
  let incoming: Incoming | undefined;
  try {
    await store.clean();
    incoming = await store.begin(archive);
    const { sha256, bytes, note } = await pack(settings, incoming, signal);
    await incoming.finish(sha256);
    const remarks = [note, await removeOld(settings, store)].filter((remark) => remark !== undefined);
    return { ...times(started), ok: true, archive, bytes, sha256, ...(remarks.length === 0 ? {} : { note: remarks.join("; ") }) };
  } catch (error) {
    const lost = await incoming?.discard().then(
      () => undefined,
      (reason: unknown) => `; what was sent of it could not be removed: ${messageOf(reason)}`,
    );
    return { ...times(started), ok: false, problem: `${messageOf(error)}${lost ?? ""}` };
  }
}

function times(started: Date): { readonly startedAt: string; readonly endedAt: string } {
  return { startedAt: started.toISOString(), endedAt: new Date().toISOString() };
}

async function pack(
  { source, compression }: Settings,
  incoming: Incoming,
  signal: AbortSignal,
): Promise<{ readonly sha256: string; readonly bytes: number; readonly note?: string }> {
  const words = [
    "--create",
    "--file=-",
    "--numeric-owner",
    "--xattrs",
    "--acls",
    "--sparse",
    ...options[compression],
    `--directory=${source}`,
    ".",
  ];
  // Nothing of the settings is for tar to know.
  const tar = spawn("tar", words, {
    env: { PATH: process.env["PATH"], LC_ALL: "C.UTF-8" },
    stdio: ["ignore", "pipe", "pipe"],
    signal,
    killSignal: "SIGKILL",
  });
  let said = "";
  tar.stderr.on("data", (chunk: Buffer) => {
    said = `${said}${chunk}`.slice(-2000);
  });
  const ended = new Promise<number | null>((resolve, reject) => {
    tar.once("error", reject);
    tar.once("close", resolve);
  });
  // Awaited below; till then it must not count as unhandled.
  ended.catch(() => undefined);
  const hash = createHash("sha256");
  let bytes = 0;
  try {
    for await (const chunk of tar.stdout as AsyncIterable<Buffer>) {
      hash.update(chunk);
      bytes += chunk.length;
      await incoming.write(chunk);
    }
  } catch (error) {
    tar.kill("SIGKILL");
    await ended.catch(() => undefined);
    throw error;
  }
  const code = await ended;
  signal.throwIfAborted();
  if (code !== 0 && code !== changedMeanwhile) throw new TypeError(`tar ended with ${code}: ${lastLines(said)}`);
  return { sha256: hash.digest("hex"), bytes, ...(code === 0 ? {} : { note: `files changed while they were read: ${lastLines(said)}` }) };
}

/** @returns why something could not be removed: the new archive is whole all the same */
async function removeOld({ name, keep }: Settings, store: Store): Promise<string | undefined> {
  try {
    const own = (await store.list()).filter(
      (archive) => archive.name.startsWith(`${name}-`) && /^[0-9]{8}T[0-9]{6}Z\.tar/.test(archive.name.slice(name.length + 1)),
    );
    for (const { name: old } of own.slice(0, -keep)) await store.remove(old);
    return undefined;
  } catch (error) {
    return `old archives could not be removed: ${messageOf(error)}`;
  }
}

function lastLines(text: string): string {
  return text.trim().split("\n").slice(-3).join(" | ");
}

export function messageOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  if (error.name === "AbortError") return "it was told to stop";
  return error.message === "" && "code" in error ? String(error.code) : error.message;
}
