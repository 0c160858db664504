import { benchApi } from "./api.ts";
import { benchClusterLabel } from "./cluster-label.ts";
import { benchClusterPlan } from "./cluster-plan.ts";
import { benchClusterSsh } from "./cluster-ssh.ts";
import { benchCompose } from "./compose.ts";
import { benchDriverPackage } from "./driver-package.ts";
import { benchDriverSdk } from "./driver-sdk.ts";
import { benchEngineGateway } from "./engine-gateway.ts";
import { benchEngineHooks } from "./engine-hooks.ts";
import { benchEngineRun } from "./engine-run.ts";
import { benchGateway } from "./gateway.ts";
import { benchLayers } from "./layers.ts";
import type { Measurement } from "./measurement.ts";
import { benchPerformancePlugin } from "./performance-plugin.ts";
import { benchPods } from "./pods.ts";
import { benchProcess } from "./process.ts";
import { benchWatchers } from "./watchers.ts";

/** `npm run bench [NAME...]`: measures and prints; asserts nothing. */
const benches: Readonly<Record<string, () => readonly Measurement[] | Promise<readonly Measurement[]>>> = {
  compose: benchCompose,
  process: benchProcess,
  api: benchApi,
  pods: benchPods,
  "performance-plugin": benchPerformancePlugin,
  watchers: benchWatchers,
  gateway: benchGateway,
  "engine-gateway": benchEngineGateway,
  "engine-hooks": benchEngineHooks,
  "engine-run": benchEngineRun,
  "driver-package": benchDriverPackage,
  "driver-sdk": benchDriverSdk,
  "cluster-label": benchClusterLabel,
  "cluster-plan": benchClusterPlan,
  "cluster-ssh": benchClusterSsh,
  layers: benchLayers,
};

const names = process.argv.slice(2);
for (const [name, bench] of Object.entries(benches)) {
  if (names.length > 0 && !names.includes(name)) continue;
  for (const { name: what, value, unit, peer, goal } of await bench()) {
    const beside = peer === undefined ? "" : `; ${peer.name}: ${peer.value} ${unit}; ratio ${(value / peer.value).toFixed(2)}`;
    console.log(`${name}: ${what}: ${value} ${unit}${beside} (goal: ${goal})`);
  }
}
