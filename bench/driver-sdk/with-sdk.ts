import { serveDriver } from "@outrigger/sdk/driver";
import { volumes } from "./volumes.ts";

await serveDriver({ volume: volumes });
