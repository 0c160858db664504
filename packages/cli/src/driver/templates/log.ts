import type { DriverKind } from "./driver-kind.ts";

export const logKind: DriverKind = {
  description: "Keeps containers' logs as files of JSON lines.",
  interface: "docker.logdriver/1.0",
  key: "log",
  lines: ["propagatedMount: /data"],
  items: ["{ name: LONGEST, type: integer, min: 16384, default: 1048576, description: Bytes of a line; longer ones stay in parts }"],
  exported: "fileLogs",
  call: 'await fileLogs("/data/logs", Number(process.env["LONGEST"] ?? 1048576))',
  driver: `import { type FileHandle, mkdir, open } from "node:fs/promises";
import { join } from "node:path";
import { joinParts, type LogDriver, type LogEntry, selectEntries } from "@outrigger/sdk/driver";

/** A log that is being written. */
interface Writing {
  /** How often it is open: an engine that reads the log of a container that has ended opens it once more. */
  times: number;
  /** Resolved, and replaced by another one, when there is more to read, or nothing more will come. */
  more: PromiseWithResolvers<void>;
}

/** One file for each container, one JSON line for each of its lines. */
export async function fileLogs(folder: string, longest: number): Promise<LogDriver> {
  await mkdir(folder, { recursive: true });
  const pathOf = (containerId: string): string => join(folder, \`\${containerId.replace(/[^\\w.-]/g, "_")}.jsonl\`);
  const logs = new Map<string, Writing>();
  return {
    async open({ containerId }, entries) {
      const path = pathOf(containerId);
      const file = await open(path, "a");
      const log = logs.get(path) ?? { times: 0, more: Promise.withResolvers<void>() };
      logs.set(path, log);
      log.times += 1;
      try {
        // A crash may have cut the last line.
        if ((await file.stat()).size > 0) await file.appendFile("\\n");
        for await (const { source, timeNano, line } of joinParts(entries, longest)) {
          await file.appendFile(\`\${JSON.stringify({ source, time: String(timeNano), line: line.toString("utf8") })}\\n\`);
          wake(log);
        }
      } finally {
        log.times -= 1;
        if (log.times === 0) logs.delete(path);
        wake(log);
        await file.close();
      }
    },
    async *read({ containerId }, selection, { signal }) {
      const path = pathOf(containerId);
      const log = selection.follow ? logs.get(path) : undefined;
      if (log !== undefined) signal.addEventListener("abort", () => wake(log));
      const file = await open(path);
      try {
        const next = entryReader(file);
        const { tail: _, ...others } = selection;
        for (let asked = selection; !signal.aborted; asked = others) {
          const [open, more] = [log !== undefined && log.times > 0, log?.more.promise];
          yield* selectEntries(next(), asked);
          if (!open || (selection.until !== undefined && Date.now() >= selection.until.getTime())) return;
          await more;
        }
      } finally {
        await file.close();
      }
    },
  };
}

function wake(log: Writing): void {
  log.more.resolve();
  log.more = Promise.withResolvers();
}

/** Reads what there is, each time from where it stopped. */
function entryReader(file: FileHandle): () => AsyncGenerator<LogEntry> {
  const decoder = new TextDecoder();
  let rest = "";
  return async function* () {
    for (;;) {
      const { buffer, bytesRead } = await file.read();
      if (bytesRead === 0) return;
      const lines = (rest + decoder.decode(buffer.subarray(0, bytesRead), { stream: true })).split("\\n");
      rest = lines.pop() ?? "";
      for (const text of lines) yield* entriesIn(text);
    }
  };
}

/** None in a line that a crash has cut. */
function entriesIn(text: string): readonly LogEntry[] {
  try {
    const { source, time, line } = JSON.parse(text) as { source: string; time: string; line: string };
    return [{ source, timeNano: BigInt(time), line: Buffer.from(line) }];
  } catch {
    return [];
  }
}
`,
  test: `import assert from "node:assert/strict";
import { appendFile, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { testDriver } from "@outrigger/sdk/driver/test-kit";
import { fileLogs } from "./driver.ts";

test("what a container writes can be read again and followed, long lines whole", async (context) => {
  const folder = await mkdtemp(join(tmpdir(), "logs-"));
  context.after(() => rm(folder, { recursive: true }));
  const engine = await testDriver({ log: await fileLogs(folder, 65_536) });
  const log = await engine.openLog({ ContainerID: "c1" });
  const part = (text: string, ordinal: number, last: boolean) => ({
    source: "stdout",
    timeNano: 2n,
    line: Buffer.from(text),
    part: { id: "p", ordinal, last },
  });
  await log.write({ source: "stderr", timeNano: 1n, line: Buffer.from("first") }, part("long ", 1, false), part("line", 2, true));
  const following = engine.readLog({ ContainerID: "c1" }, { Follow: true });
  await log.write({ source: "stdout", timeNano: 3n, line: Buffer.from("last") });
  assert.equal((await log.stop()).error, undefined);
  assert.equal((await following).at(-1)?.line.toString(), "last\\n");
  // A crash while a line is written, and a container that is started again.
  await appendFile(join(folder, "c1.jsonl"), '{"source":"std');
  const again = await engine.openLog({ ContainerID: "c1" });
  await again.write({ source: "stdout", timeNano: 4n, line: Buffer.from("again") });
  assert.equal((await again.stop()).error, undefined);
  const lines = async (config: { Tail?: number } = {}) => (await engine.readLog({ ContainerID: "c1" }, config)).map(({ line }) => line.toString());
  assert.deepEqual(await lines(), ["first\\n", "long line\\n", "last\\n", "again\\n"]);
  assert.deepEqual(await lines({ Tail: 1 }), ["again\\n"]);
});
`,
  tryIt: ["docker run --name talker --log-driver NAME debian:bookworm-slim echo hello", "docker logs talker"],
};
