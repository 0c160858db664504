import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { generatedFiles } from "../scripts/generated-files.ts";

test("generated files are what `npm run generate` would write", async () => {
  for (const [path, text] of Object.entries(await generatedFiles())) {
    assert.ok(readFileSync(join(import.meta.dirname, "..", path), "utf8") === text, `${path} is out of date: run \`npm run generate\``);
  }
});
