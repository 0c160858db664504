import type { App } from "./app-type.ts";
import { applicationRoutes } from "./applications.ts";
import { buildRoutes } from "./builds.ts";
import { componentRoutes } from "./components.ts";
import { credentialRoutes } from "./credentials.ts";
import { eventRoutes } from "./events.ts";
import { installationRoutes } from "./installations.ts";
import { pluginRoutes } from "./plugins.ts";
import { serverRoutes } from "./server.ts";
import { teamRoutes } from "./teams.ts";
import { tokenRoutes } from "./tokens.ts";
import { trafficRoutes } from "./traffic.ts";
import { versionRoutes } from "./versions.ts";

/** Every route of the API; docs/api.md has the table. */
export function routes(app: App): void {
  serverRoutes(app);
  teamRoutes(app);
  tokenRoutes(app);
  pluginRoutes(app);
  versionRoutes(app);
  buildRoutes(app);
  applicationRoutes(app);
  componentRoutes(app);
  trafficRoutes(app);
  installationRoutes(app);
  credentialRoutes(app);
  eventRoutes(app);
}
