import assert from "node:assert/strict";
import { test } from "node:test";
import { builtInTypes, makePlan, type PluginTypes, parseTargets } from "@outrigger/cluster";
import { cluster, host, image, plugin } from "./plan-support.ts";

const types: PluginTypes = {
  get: (type) => {
    const found = builtInTypes.get(type);
    assert.ok(found);
    return found;
  },
  close: async () => {},
};

const plugins = [
  plugin("names", { type: "HOSTNAME", phases: ["PreInit"], data: "10.0.0.1 one\n10.0.0.9 nine\n" }),
  plugin("labels", { type: "LABEL", phases: ["PostUpgrade"], data: "10.0.0.3,10.0.0.9 disk=ssd\n" }),
  plugin("targets", { phases: ["PostUpgrade"], targets: parseTargets("10.0.0.9").targets }),
];

test("regression: data and targets that name a host which has left stopped every later operation", () => {
  const input = { operation: "upgrade", image: image(), types } as const;
  assert.throws(() => makePlan({ ...input, cluster: cluster({ plugins }) }), { code: "plugins-invalid" });
  const plan = makePlan({ ...input, cluster: cluster({ plugins, formerHosts: [host("10.0.0.9")] }) });
  const hosts = new Set(plan.stages.flatMap(({ entries }) => entries.flatMap(({ tasks }) => tasks.map((task) => task.host))));
  assert.ok(!hosts.has("10.0.0.9"));
  assert.ok(hosts.has("10.0.0.1"));
});
