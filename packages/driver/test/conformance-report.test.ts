import assert from "node:assert/strict";
import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { type ConformanceReport, junitReport, testDriver, textReport } from "@outrigger/driver";
import { everyInterface, pythonDriver } from "./support/python-driver.ts";

const report: ConformanceReport = {
  driver: 'my "driver" <&>',
  profile: "20.10",
  interfaces: ["VolumeDriver"],
  startedAt: "2026-01-02T03:04:05.678Z",
  milliseconds: 1234,
  strict: false,
  passed: false,
  counts: { held: 1, failed: 1, warnings: 1, skipped: 1 },
  results: [
    { id: "http.reuse", level: "MUST", title: "a", outcome: "held", milliseconds: 5 },
    { id: "volume.list", level: "MUST", title: "b", outcome: "skipped", milliseconds: 0, reason: "volume.create does not hold" },
    ...(["MUST", "SHOULD"] as const).map((level) => ({
      id: `volume.${level.toLowerCase()}`,
      level,
      title: "c",
      outcome: "failed" as const,
      milliseconds: 7,
      failure: { expected: "<x>", found: "\u0000\ud800 & more", because: "b", mend: "m", sent: 'POST /X {"a":"]]>"}', got: "200 {}" },
    })),
  ],
};

test("JUnit XML is well-formed whatever a driver answers, and counts as CI systems do", () => {
  const check =
    "import sys, xml.etree.ElementTree as e; r = e.fromstring(sys.stdin.buffer.read()); print([(s.get('name'), s.get('tests'), s.get('failures'), s.get('skipped'), len(s.findall('.//failure')), len(s.findall('.//skipped'))) for s in r])";
  const parsed = (each: ConformanceReport): string =>
    execFileSync("python3", ["-c", check], { input: junitReport(each), encoding: "utf8" });
  assert.equal(parsed(report), "[('http', '1', '0', '0', 0, 0), ('volume', '3', '1', '1', 1, 1)]\n");
  assert.equal(parsed({ ...report, strict: true }), "[('http', '1', '0', '0', 0, 0), ('volume', '3', '2', '1', 2, 1)]\n");
});

test("the text names every check, explains what failed and closes with a count", () => {
  const text = textReport(report);
  assert.match(text, /^ok {8}MUST {4}http\.reuse$/m);
  assert.match(text, /^left out {2}MUST {4}volume\.list: volume\.create does not hold$/m);
  assert.match(text, /^FAILED {4}MUST {4}volume\.must$/m);
  assert.match(text, /^warning {3}SHOULD {2}volume\.should$/m);
  assert.match(text, /^VolumeDriver, as engine 20\.10 asks: 1 held, 1 failed, 1 warning, 1 left out, in 1\.2 s\. Not passed\.$/m);
});

test("a check is left out when the one that it needs does not hold", async (context) => {
  const { launcher, root } = pythonDriver(context, "volume.create");
  const { results } = await testDriver({
    launcher,
    root,
    interfaces: ["VolumeDriver"],
    only: ["volume.create", "volume.mount", "volume.mountpoint-exists"],
  });
  assert.deepEqual(
    results.map(({ id, outcome, reason }) => [id, outcome, reason]),
    [
      ["volume.create", "failed", undefined],
      ["volume.mount", "skipped", "volume.create does not hold"],
      ["volume.mountpoint-exists", "skipped", "volume.create does not hold"],
    ],
  );
});

test("nothing that was made stays, also of checks that fail", async (context) => {
  for (const defect of ["", "volume.mount-counted", "volume.create-idempotent"]) {
    const { launcher, root } = pythonDriver(context, defect);
    await testDriver({ launcher, root, interfaces: everyInterface, skip: ["lifecycle"], timeout: 5_000 });
    const state = (name: string): unknown => JSON.parse(readFileSync(join(root, "state", `${name}.json`), "utf8"));
    assert.deepEqual([state("volumes"), state("networks"), state("pools")], [{}, {}, {}], defect);
  }
});

test("a driver that ends by itself fails the check that it ended in, and is started again for the next", async (context) => {
  const { launcher, root } = pythonDriver(context, "network.unknown-ids");
  const { results } = await testDriver({
    launcher,
    root,
    interfaces: ["NetworkDriver"],
    only: ["network.unknown-ids", "network.lifecycle"],
  });
  assert.deepEqual(
    results.map(({ id, outcome, failure }) => [id, outcome, failure?.found]),
    [
      ["network.lifecycle", "held", undefined],
      ["network.unknown-ids", "failed", "it ended (exit code 1)"],
    ],
  );
});

test("unknown checks, unknown interfaces and nobody who listens are told", async () => {
  await assert.rejects(testDriver({ address: "/nowhere", only: ["volume.nothing"] }), { code: "check-unknown" });
  await assert.rejects(testDriver({ address: "/nowhere", interfaces: ["GraphDriver"] }), { code: "interface-unknown" });
  await assert.rejects(testDriver({ address: "ftp://x" }), { code: "driver-address-invalid" });
});

test("outrigger driver test: exit codes 0, 1 and 2, and the report as a file", async (context) => {
  const folder = mkdtempSync(join(tmpdir(), "outrigger-report-"));
  context.after(() => rmSync(folder, { recursive: true, force: true }));
  const main = join(import.meta.dirname, "../../cli/src/main.ts");
  const run = (defect: string, ...words: readonly string[]): { code: number; output: string } => {
    const { root, socket } = pythonDriver(context, defect);
    const program = join(import.meta.dirname, "conformance-driver/driver.py");
    const driver = ["python3", "-B", program, "--socket", socket, "--state", join(root, "state"), "--root", root, "--defect", defect];
    try {
      const output = execFileSync("node", [main, "driver", "test", socket, "--root", root, ...words, "--", ...driver], {
        encoding: "utf8",
        stdio: "pipe",
      });
      return { code: 0, output };
    } catch (error) {
      const { status, stdout, stderr } = error as { status: number; stdout: string; stderr: string };
      return { code: status, output: stdout + stderr };
    }
  };
  assert.equal(run("", "--only", "volume").code, 0);
  assert.equal(run("volume.list", "--only", "volume").code, 1);
  assert.equal(run("volume.case", "--only", "volume").code, 0);
  assert.equal(run("volume.case", "--only", "volume", "--strict").code, 1);
  assert.equal(run("", "--only", "nothing").code, 2);
  assert.equal(run("", "--opt", "novalue").code, 2);
  const file = join(folder, "report.json");
  const { code, output } = run("", "--only", "ipam", "--report", "json", "--output", file);
  assert.equal(code, 0);
  assert.match(output, /ok {8}MUST {4}ipam\.lifecycle/);
  assert.equal((JSON.parse(readFileSync(file, "utf8")) as ConformanceReport).passed, true);
  assert.ok(existsSync(file));
});

test("a driver that was started ends with the tool when that is ended by a signal", async (context) => {
  const { root, socket } = pythonDriver(context, "http.quick");
  const program = join(import.meta.dirname, "conformance-driver/driver.py");
  const main = join(import.meta.dirname, "../../cli/src/main.ts");
  const driver = ["python3", "-B", program, "--socket", socket, "--state", join(root, "state"), "--root", root, "--defect", "http.quick"];
  const tool = spawn("node", [main, "driver", "test", socket, "--", ...driver], { stdio: "ignore" });
  while (!existsSync(socket)) await new Promise((resolve) => setTimeout(resolve, 50));
  // The driver takes 2 s for each answer: the tool is in the middle of its checks.
  await new Promise((resolve) => setTimeout(resolve, 500));
  tool.kill("SIGTERM");
  const [code] = await once(tool, "exit");
  assert.equal(code, 143);
  const refused = once(connect(socket), "error");
  assert.equal(((await refused)[0] as NodeJS.ErrnoException).code, "ECONNREFUSED");
});
