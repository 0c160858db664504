import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";

const root = join(import.meta.dirname, "..");

/** Who may import whom, as ARCHITECTURE.md says. */
const arrows: Readonly<Record<string, readonly string[]>> = {
  plugin: [],
  pod: ["plugin"],
  runtime: ["plugin", "pod"],
  server: ["plugin", "pod", "runtime"],
  cli: ["plugin", "pod", "runtime", "server"],
};

function sources(folder: string): readonly { readonly path: string; readonly text: string }[] {
  return readdirSync(join(root, folder), { recursive: true, encoding: "utf8" })
    .filter((path) => path.endsWith(".ts") && !path.includes("node_modules"))
    .map((path) => ({ path: `${folder}/${path}`, text: readFileSync(join(root, folder, path), "utf8") }));
}

test("arrows go down only: every room imports what ARCHITECTURE.md allows, and nothing past another's index", () => {
  assert.deepEqual(readdirSync(join(root, "packages")).toSorted(), Object.keys(arrows).toSorted());
  for (const [room, allowed] of Object.entries(arrows)) {
    for (const { path, text } of sources(`packages/${room}/src`)) {
      for (const [, imported] of text.matchAll(/from "@outrigger\/([^"]+)"|import\("@outrigger\/([^"]+)"\)/g)) {
        if (imported !== undefined) assert.ok(allowed.includes(imported), `${path} imports @outrigger/${imported}`);
      }
      assert.doesNotMatch(text, /from "(\.\.\/)+[a-z]+\/src\//, `${path} reaches into another room`);
    }
  }
});

test("every arrow is a dependency in package.json, and every dependency has an exact version", () => {
  for (const [room, allowed] of Object.entries(arrows)) {
    const { dependencies = {} } = JSON.parse(readFileSync(join(root, "packages", room, "package.json"), "utf8")) as {
      dependencies?: Record<string, string>;
    };
    const ours = Object.keys(dependencies).filter((name) => name.startsWith("@outrigger/"));
    assert.deepEqual(ours.toSorted(), allowed.map((name) => `@outrigger/${name}`).toSorted(), `dependencies of ${room}`);
    for (const [name, version] of Object.entries(dependencies)) assert.match(version, /^\d+\.\d+\.\d+(-[\w.]+)?$/, `${name} in ${room}`);
  }
});

test("files are small, kebab-case, and export by name", () => {
  for (const { path, text } of sources("packages")) {
    if (!path.includes("/src/")) continue;
    assert.match(path, /^[a-z0-9-/]+(\.[a-z-]+)*\.ts$/, path);
    assert.ok(text.split("\n").length <= 301, `${path} has more than 300 lines`);
    assert.doesNotMatch(text, /^export default/m, path);
    assert.doesNotMatch(text, /throw new Error\(/, `${path} throws a bare error`);
  }
});
