import type { Pod } from "@outrigger/pod";
import { createDockerRuntime } from "../src/index.ts";

// Run by crash.test.ts: keeps the pod given as JSON until it is killed.
const [owner = "", filesFolder = "", pod = ""] = process.argv.slice(2);
const runtime = createDockerRuntime({
  owner,
  secret: async () => "",
  credentials: async () => undefined,
  filesFolder,
  onNetworks: async () => {},
  onStatus: () => {},
  onEvent: () => {},
});
await runtime.start();
runtime.want(JSON.parse(pod) as Pod);
process.stdout.write("wanted\n");
