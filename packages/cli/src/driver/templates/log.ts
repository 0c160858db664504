import type { DriverKind } from "./driver-kind.ts";

export const logKind: DriverKind = {
  description: "Keeps containers' logs as files of JSON lines.",
  interface: "docker.logdriver/1.0",
  key: "log",
  lines: ["propagatedMount: /data"],
  items: ["{ name: LONGEST, type: integer, min: 16384, default: 1048576, description: Bytes of a line; longer ones stay in parts }"],
  exported: "fileLogs",
  call: 'await fileLogs("/data/logs", Number(process.env["LONGEST"] ?? 1048576))',
  driver: `import { createReadStream } from "node:fs";
import { mkdir, open } from "node:fs/promises";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { joinParts, type LogDriver, type LogEntry, selectEntries } from "@outrigger/sdk/driver";

/** One file for each container, one JSON line for each of its lines. \`docker logs --follow\` ends with what is there. */
export async function fileLogs(folder: string, longest: number): Promise<LogDriver> {
  await mkdir(folder, { recursive: true });
  const pathOf = (containerId: string): string => join(folder, \`\${containerId.replace(/[^\\w.-]/g, "_")}.jsonl\`);
  return {
    async open({ containerId }, entries) {
      const file = await open(pathOf(containerId), "a");
      try {
        for await (const { source, timeNano, line } of joinParts(entries, longest)) {
          await file.write(\`\${JSON.stringify({ source, time: String(timeNano), line: line.toString("utf8") })}\\n\`);
        }
      } finally {
        await file.close();
      }
    },
    read: ({ containerId }, selection) => selectEntries(entriesOf(pathOf(containerId)), selection),
  };
}

async function* entriesOf(path: string): AsyncGenerator<LogEntry> {
  for await (const text of createInterface({ input: createReadStream(path) })) {
    const { source, time, line } = JSON.parse(text) as { source: string; time: string; line: string };
    yield { source, timeNano: BigInt(time), line: Buffer.from(line) };
  }
}
`,
  test: `import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { testDriver } from "@outrigger/sdk/driver/test-kit";
import { fileLogs } from "./driver.ts";

test("what a container writes can be read again, long lines whole", async (context) => {
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
  assert.equal((await log.stop()).error, undefined);
  const entries = await engine.readLog({ ContainerID: "c1" });
  assert.deepEqual(entries.map(({ line }) => line.toString()), ["first\\n", "long line\\n"]);
  const last = await engine.readLog({ ContainerID: "c1" }, { Tail: 1 });
  assert.deepEqual(last.map(({ line }) => line.toString()), ["long line\\n"]);
});
`,
  tryIt: ["docker run --name talker --log-driver NAME debian:bookworm-slim echo hello", "docker logs talker"],
};
