import assert from "node:assert/strict";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { engineObjects } from "../scripts/engine-objects.ts";
import { exampleCopy } from "./support/example.ts";
import { shellBlocks } from "./support/page.ts";
import { root, sandbox } from "./support/sandbox.ts";

/** The `./outrigger` commands in the shell blocks of a page, without comments; blocks with those of the other layers are run as they stand by engine-tour.test.ts, driver-tour.test.ts and cluster-tour.test.ts. */
function commandsOf(page: string): readonly string[] {
  return shellBlocks(page)
    .filter((block) => !/^\.\/outrigger (engine|driver|cluster) /m.test(block))
    .flatMap((block) => block.split("\n"))
    .map((line) => line.replace(/\s+#.*$/, "").trim())
    .filter((line) => line.startsWith("./outrigger "));
}

const applications = readdirSync(join(root, "examples")).filter((name) => existsSync(join(root, "examples", name, "app.yaml")));
const tours = ["README.md", ...applications.map((name) => `examples/${name}/README.md`)];

for (const page of tours) {
  test(`every outrigger command of ${page} works, in its order`, { timeout: 300_000 }, async (context) => {
    const box = sandbox(context);
    const name = /examples\/([\w-]+)/.exec(page)?.[1] ?? "log-collection";
    const example = await exampleCopy(box, name);
    box.write("deployment.yaml", readFileSync(join(root, "tests", "fixtures", "deployment.yaml"), "utf8"));
    const commands = commandsOf(page);
    assert.ok(commands.length >= 3, `${page} shows only ${commands.length} commands`);
    for (const command of commands) {
      const words = command
        .replaceAll(`examples/${name}/app.yaml`, example.file)
        .replaceAll(new RegExp(`\\b${name}/`, "g"), `${example.application}/`)
        .split(/\s+/)
        .slice(1);
      const { code, stdout, stderr } = await box.run(...words);
      assert.equal(code, 0, `${command}\n${stdout}${stderr}`);
    }
    assert.deepEqual(await engineObjects(`outrigger.default.${example.application}`), []);
  });
}
