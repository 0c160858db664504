import { randomBytes } from "node:crypto";
import { type DiscoveryPorts, type PodKey, usualDiscoveryPorts } from "@outrigger/pod";
import type { ImageBuilder, PodRuntime, RuntimeOptions } from "@outrigger/runtime";
import { createApp } from "./api/app.ts";
import { adminTokenId, hashToken } from "./api/auth.ts";
import { defaultTeam } from "./api/teams.ts";
import { createBell } from "./bell.ts";
import { createBuildQueue } from "./builds/queue.ts";
import { createBuildRecords } from "./builds/records.ts";
import { runtimeOptions } from "./connect-runtime.ts";
import { createCredentialStore } from "./credentials.ts";
import { type DataDir, openDataDir } from "./data-dir.ts";
import { createDiscoveryService } from "./discovery/discovery-service.ts";
import { serverErrors } from "./errors.ts";
import { createEventLog } from "./events.ts";
import { createLogger, type LogLevel } from "./logger.ts";
import { createReconciler } from "./reconciler.ts";
import { createVault } from "./secrets.ts";
import { defaultLimits, type Limits, type Services } from "./services.ts";
import { type Database, inTransaction, openDatabase } from "./store/database.ts";
import { newEtag } from "./store/etag.ts";
import { settle } from "./store/meta.ts";
import { insertTeam } from "./store/teams.ts";
import { findToken, putToken } from "./store/tokens.ts";

export interface ServerOptions {
  /** Where the server keeps everything; made when missing. */
  readonly dataDir: string;
  /** Address to listen on; absent: loopback only. */
  readonly host?: string;
  /** 0: any free port. */
  readonly port: number;
  readonly runtime: (options: RuntimeOptions) => PodRuntime;
  readonly images: ImageBuilder;
  /** Where discovery listens on each application's network; absent: 6100, and 6101 for xDS. */
  readonly discoveryPorts?: DiscoveryPorts;
  readonly clock?: () => Date;
  readonly limits?: Partial<Limits>;
  /** Lines of the log go to standard output, as JSON. */
  readonly logLevel?: LogLevel;
}

export interface RunningServer {
  /** e.g. `http://127.0.0.1:7470` */
  readonly url: string;
  /** The file with the admin token's text. */
  readonly adminTokenPath: string;
  /** Ends when requests, builds and streams have ended; pods go on running. */
  readonly close: () => Promise<void>;
}

/**
 * Starts the control plane: requests are taken and pods kept as asked until it is closed.
 *
 * @throws data-dir-in-use, data-dir-unusable, address-unusable, disk-full
 */
export async function startServer(options: ServerOptions): Promise<RunningServer> {
  const dataDir = await openDataDir(options.dataDir);
  const cleanUp = new AsyncDisposableStack();
  cleanUp.defer(() => dataDir.release());
  try {
    const db = await openDatabase(dataDir.database);
    cleanUp.defer(() => db.destroy());
    const url = await run(options, dataDir, db, cleanUp);
    await dataDir.announce(url);
    return { url, adminTokenPath: dataDir.adminTokenPath, close: () => cleanUp.disposeAsync() };
  } catch (error) {
    await cleanUp.disposeAsync();
    throw error;
  }
}

/** How long a shutdown waits for requests under way. */
const patienceMs = 3000;

/** What is put on the stack last ends first: streams, requests, builds, the reconciler, the engine, and last the store. */
async function run(options: ServerOptions, dataDir: DataDir, db: Database, cleanUp: AsyncDisposableStack): Promise<string> {
  const clock = options.clock ?? ((): Date => new Date());
  const owner = await prepareStore(db, dataDir, clock);
  const log = createLogger(options.logLevel ?? "info");
  const limits = { ...defaultLimits, ...options.limits };
  const vault = createVault(dataDir.key);
  const bell = createBell();
  const events = createEventLog(db, bell, clock);
  const credentials = createCredentialStore(db, vault);
  const { images } = options;
  const discoveryPorts = options.discoveryPorts ?? usualDiscoveryPorts;
  const discovery = createDiscoveryService({ db, vault, events, log, ports: discoveryPorts, statuses: (key) => runtime.statuses(key) });
  cleanUp.defer(() => discovery.close());
  const { hub } = discovery;
  const onStatus = (key: PodKey): void => reconciler.noteStatus(key);
  const filesFolder = dataDir.files;
  const runtime = options.runtime(runtimeOptions(owner, { db, vault, events, credentials, log, discovery, filesFolder, onStatus }));
  cleanUp.defer(() => runtime.close());
  const reconciler = createReconciler({ owner, db, runtime, hub, discoveryPorts, images, events, bell, log });
  cleanUp.defer(() => reconciler.close());
  const records = createBuildRecords({ db, bell, events, clock, onComponentBuilt: reconciler.notice });
  await records.endInterrupted();
  const { uploads } = dataDir;
  const builds = createBuildQueue({ owner, db, bell, records, log, limits, uploads, images, credentials });
  cleanUp.defer(() => builds.close());
  const stopping = new AbortController();
  const common = {
    owner,
    db,
    vault,
    bell,
    events,
    runtime,
    images,
    reconciler,
    hub,
    discoveryPorts,
    builds,
    records,
    limits,
    uploads,
    clock,
    log,
  };
  const services: Services = { ...common, stopping: stopping.signal };
  const app = await createApp({ logger: log, services });
  cleanUp.defer(async () => {
    const late = setTimeout(() => app.server.closeAllConnections(), patienceMs);
    await app.close();
    clearTimeout(late);
  });
  cleanUp.defer(() => stopping.abort());
  await runtime.start();
  reconciler.start();
  const { host = "127.0.0.1", port } = options;
  try {
    return await app.listen({ host, port });
  } catch (cause) {
    throw serverErrors["address-unusable"]({ host, port, reason: cause instanceof Error ? cause.message : String(cause) }, { cause });
  }
}

/** What is there from the start: the default team, and the admin token as its file has it. Gives the name that marks this server's pods. */
async function prepareStore(db: Database, { adminToken }: DataDir, clock: () => Date): Promise<string> {
  return await inTransaction(db, async (tx) => {
    const now = clock().toISOString();
    await insertTeam(tx, { name: defaultTeam, allow: "[]", created_at: now, etag: newEtag() });
    const hash = hashToken(adminToken);
    const known = await findToken(tx, adminTokenId);
    if (known?.hash !== hash) await putToken(tx, { id: adminTokenId, hash, description: "The server's own", admin: 1, created_at: now });
    return await settle(tx, "owner", randomBytes(6).toString("hex"));
  });
}
