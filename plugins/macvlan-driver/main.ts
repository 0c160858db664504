import { join } from "node:path";
import { openStateFile, serveDriver } from "@outrigger/sdk/driver";
import { createMacvlanIpam, type Pools } from "./addresses/macvlan-ipam.ts";
import { createLinks } from "./links/links.ts";
import { createMacvlanDriver } from "./network/macvlan-driver.ts";
import { openMacvlanState } from "./network/state.ts";

const folder = process.env["STATE_DIRECTORY"] ?? "/var/lib/macvlan-driver";
const scope = process.env["SCOPE"] ?? "local";
if (scope !== "local" && scope !== "global") throw new TypeError(`SCOPE is ${JSON.stringify(scope)}, where local or global is expected`);

const [networks, pools] = await Promise.all([
  openMacvlanState(join(folder, "networks.json")),
  openStateFile<Pools>(join(folder, "pools.json"), {}),
]);
const network = await createMacvlanDriver({ scope, links: createLinks(), file: networks });
await serveDriver({ network, ipam: createMacvlanIpam(pools) }, { name: "macvlan-driver" });
