import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { readLocalPlugin } from "../src/project/project.ts";

const head = "apiVersion: outrigger.dev/v1\nkind: Plugin\nmetadata: { name: gate, version: 1.0.0 }\n";
const spec = (templateFile: string): string => `spec:
  layer: pod
  pod:
    type: general
    source: { image: x }
    files:
      - path: /etc/gate/gate.conf
        templateFile: ${templateFile}
  config: [{ group: g, inject: discovery, file: /etc/gate/gate.conf, items: [{ name: A }] }]
`;

test("a template file's text stands in the manifest; one that is missing or wrong is placed", (context) => {
  const folder = mkdtempSync(join(tmpdir(), "outrigger-templates-"));
  context.after(() => rmSync(folder, { recursive: true }));
  const file = join(folder, "plugin.yaml");
  const read = (template: string): ReturnType<typeof readLocalPlugin> => {
    writeFileSync(file, head + spec(template));
    return readLocalPlugin(file);
  };
  mkdirSync(join(folder, "templates"));
  writeFileSync(join(folder, "templates", "right.liquid"), "a={{ base_normal.options.A }}\n");
  writeFileSync(join(folder, "templates", "wrong.liquid"), "{% if %}");
  const [kept] = read("templates/right.liquid").manifest.spec.pod.files;
  assert.deepEqual(kept, { path: "/etc/gate/gate.conf", format: "template", mode: "0644", template: "a={{ base_normal.options.A }}\n" });
  for (const [name, expected] of [
    ["missing.liquid", /can't be read/],
    ["templates/wrong.liquid", /invalid value expression/],
  ] as const) {
    assert.throws(
      () => read(name),
      (error: { problems: readonly { line: number; message: string }[] }) => {
        assert.match(error.problems[0]?.message ?? "", expected);
        return error.problems[0]?.line === 11;
      },
    );
  }
});
