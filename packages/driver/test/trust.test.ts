import assert from "node:assert/strict";
import { readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { startHost, volumeDriver } from "./support/host.ts";
import { storePackage } from "./support/store.ts";

// In a file of its own: the policy is found by a variable, which counts for the whole process.
test("what the machine's trust policy does not let in is neither shown nor installed nor upgraded to", async (context) => {
  const { host, folder, parts } = await startHost(context);
  const policy = join(folder, "trust.yaml");
  const before = process.env["OUTRIGGER_TRUST"];
  process.env["OUTRIGGER_TRUST"] = policy;
  context.after(() => {
    if (before === undefined) delete process.env["OUTRIGGER_TRUST"];
    else process.env["OUTRIGGER_TRUST"] = before;
  });
  const rules = "rules:\n  - { name: docker.io/tools/*, require: nothing }\n";
  writeFileSync(policy, `apiVersion: outrigger.dev/v1\nkind: TrustPolicy\ndefault: refuse\n${rules}`);
  const good = await storePackage(folder, "tools/vol:1", volumeDriver());
  const strange = await storePackage(folder, "strangers/vol:2", volumeDriver());
  const refused = { code: "package-untrusted" };
  await assert.rejects(host.privileges(strange), refused);
  await assert.rejects(
    host.install(strange, () => {}),
    refused,
  );
  await host.install(good, () => {});
  await assert.rejects(
    host.upgrade("tools/vol:1", { ...strange, force: false }, () => {}),
    refused,
  );
  writeFileSync(policy, "nonsense: true\n");
  await assert.rejects(host.privileges(good), /trust/i);
  assert.equal(host.list().length, 1);
  assert.deepEqual(readdirSync(parts.root.incoming), []);
});
