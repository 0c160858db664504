import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { builtImage, docker, testVolume } from "../../../tests/support/container.ts";
import { tinyImage } from "../../../tests/support/images.ts";
import { type Result, root, sandbox } from "../../../tests/support/sandbox.ts";

// What the platform gives the container, as plugin.yaml asks for it.
const confined = [
  "--user=0",
  "--read-only",
  "--cap-drop=ALL",
  "--cap-add=CHOWN",
  "--cap-add=DAC_OVERRIDE",
  "--cap-add=FOWNER",
  "--security-opt=no-new-privileges",
];

/** Two lines of Dockerfile, as the README says. */
async function extended(context: TestContext, files: Readonly<Record<string, string>>, more = ""): Promise<string> {
  const folder = mkdtempSync(join(tmpdir(), "outrigger-agent-"));
  const image = `outrigger-test/agent-${randomBytes(4).toString("hex")}`;
  mkdirSync(join(folder, "files"));
  for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, "files", name), text);
  writeFileSync(join(folder, "Dockerfile"), `FROM ${await builtImage("plugins/agent-copy")}\nCOPY files /agent\n${more}`);
  const built = await docker("build", "--quiet", "--tag", image, folder);
  rmSync(folder, { recursive: true });
  assert.equal(built.code, 0, built.stderr);
  context.after(() => docker("rmi", "--force", image));
  return image;
}

function copy(image: string, handed: string, ...settings: string[]): Promise<Result> {
  return docker("run", "--rm", ...confined, "--volume", `${handed}:/handed`, ...settings, image);
}

/** What is in the volume, as the app sees it. */
async function listed(handed: string, command = "find /opt/agent -mindepth 1 -printf '%P %y %m %U %l\\n' | sort"): Promise<string> {
  const { stdout, stderr } = await docker(
    "run",
    "--rm",
    "--volume",
    `${handed}:/opt/agent:ro`,
    "debian:bookworm-slim",
    "sh",
    "-c",
    command,
  );
  return stdout + stderr;
}

test("agent-copy hands over files with modes, owners and links, again and again, and leaves nothing of a former version", {
  timeout: 120_000,
}, async (context) => {
  const dressed =
    "RUN chmod 0750 /agent/run && ln -s run /agent/link && ln /agent/run /agent/hard && chown 1234 /agent/agent.jar && mkdir /agent/empty\n";
  const [first, second] = [
    await extended(context, { "agent.jar": "jar", run: "#!/bin/sh" }, dressed),
    await extended(context, { "new.jar": "new" }),
  ];
  const handed = await testVolume(context);
  const whole = "agent.jar f 644 1234 \nempty d 755 0 \nhard f 750 0 \nlink l 777 0 run\nrun f 750 0 \n";
  const once = await copy(first, handed);
  assert.equal(once.code, 0, once.stderr);
  assert.match(once.stdout, /handed 4 files .* of \/agent to the app/);
  assert.equal(await listed(handed), whole);
  assert.equal((await copy(first, handed)).code, 0);
  assert.equal(await listed(handed), whole);
  assert.equal(await listed(handed, "stat -c %h /opt/agent/run"), "2\n");
  assert.equal((await copy(second, handed)).code, 0);
  assert.equal(await listed(handed), "new.jar f 644 0 \n");
  assert.equal((await copy(first, handed, "--env=TARGET=lib/java")).code, 0);
  assert.match(await listed(handed), /^lib d 755 0 \nlib\/java d 755 0 \nlib\/java\/agent.jar f 644 1234 /);
});

test("agent-copy says what is missing and leaves what was handed", { timeout: 120_000 }, async (context) => {
  const base = await builtImage("plugins/agent-copy");
  const image = await extended(context, { "agent.jar": "jar" }, "RUN mkdir /nothing\n");
  const handed = await testVolume(context);
  assert.equal((await copy(image, handed)).code, 0);
  const cases = [
    [base, [], 66, /no directory \/agent in this image: COPY the agent's files there/],
    [image, ["--env=SOURCE=/nothing"], 66, /\/nothing is empty/],
    [image, ["--env=SOURCE=/handed/x"], 64, /which is in \/handed itself/],
    [image, ["--env=SOURCE=agent"], 64, /must start with \//],
    [image, ["--env=TARGET=../etc"], 64, /TARGET is '..\/etc'/],
    [image, ["--env=TARGET=.agent-copy"], 64, /TARGET is '.agent-copy'/],
  ] as const;
  for (const [which, settings, code, message] of cases) {
    const wrong = await copy(which, handed, ...settings);
    assert.equal(wrong.code, code, wrong.stderr);
    assert.match(wrong.stderr, message);
    assert.equal(await listed(handed, "cat /opt/agent/agent.jar; ls -A /opt/agent"), "jaragent.jar\n");
  }
});

test("a copy without room or killed half-way is made good by the next one", { timeout: 120_000 }, async (context) => {
  const image = await extended(context, { "agent.jar": "jar", large: "x".repeat(3_000_000) });
  const small = await testVolume(context, "--opt", "type=tmpfs", "--opt", "device=tmpfs", "--opt", "o=size=1m");
  const full = await copy(image, small);
  assert.equal(full.code, 74);
  assert.match(full.stderr, /No space left on device[\s\S]*copying \/agent failed/);
  const handed = await testVolume(context);
  await docker(
    "run",
    "--rm",
    "--volume",
    `${handed}:/handed`,
    "debian:bookworm-slim",
    "sh",
    "-c",
    "mkdir /handed/.agent-copy && echo half > /handed/.agent-copy/agent.jar && echo old > /handed/old",
  );
  assert.equal((await copy(image, handed)).code, 0);
  assert.equal(await listed(handed, "ls -A /opt/agent"), "agent.jar\nlarge\n");
});

test("an app gets an agent by installing a plug-in of two lines of Dockerfile, beside what it sets itself", {
  timeout: 180_000,
}, async (context) => {
  const box = sandbox(context);
  box.write("plugins/my-agent/Dockerfile", `FROM ${await builtImage("plugins/agent-copy")}\nCOPY agent.jar /agent/agent.jar\n`);
  box.write("plugins/my-agent/agent.jar", "the agent");
  box.write(
    "plugins/my-agent/plugin.yaml",
    (/```yaml\n([\s\S]*?)```/.exec(readFileSync(join(root, "plugins", "agent-copy", "README.md"), "utf8"))?.[1] ?? "").replace(
      "my-java-agent",
      "my-agent",
    ),
  );
  const file = box.write(
    "app.yaml",
    `apiVersion: outrigger.dev/v1
kind: Application
metadata: { name: ${box.prefix}-java }
spec:
  components:
    - name: app
      image: ${await tinyImage()}
      command: [sh, -c, "cat /opt/agent/agent.jar; echo; echo $JAVA_TOOL_OPTIONS; touch /opt/agent/x; exec sleep 1000"]
      env: { JAVA_TOOL_OPTIONS: -Xmx64m }
      terminationGracePeriodSeconds: 0
      plugins: [{ plugin: my-agent@1.0.0 }]
`,
  );
  const up = await box.run("up", "-f", file);
  assert.equal(up.code, 0, up.stdout + up.stderr);
  const { stdout } = await box.run("logs", `${box.prefix}-java/app`, "-c", "app");
  for (const line of [/\| the agent$/m, /\| -Xmx64m -javaagent:\/opt\/agent\/agent\.jar$/m, /Read-only file system$/m])
    assert.match(stdout, line);
});
