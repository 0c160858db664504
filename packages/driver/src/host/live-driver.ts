import { readlinkSync } from "node:fs";
import { chown, mkdir, rm } from "node:fs/promises";
import type { Server } from "node:http";
import { join } from "node:path";
import type { DriverStatus, ManagedPlugin } from "../config/plugin-config.ts";
import { missingSettings, settingsOf } from "../config/settable.ts";
import { withoutSecrets } from "../config/setting-items.ts";
import { driverErrors } from "../errors.ts";
import type { HostParts } from "./host-parts.ts";
import { callDriver } from "./keep/driver-call.ts";
import { endingText } from "./keep/ending.ts";
import { Keeper, type KeptDriver } from "./keep/keeper.ts";
import { probeOf } from "./keep/probe.ts";
import { mountPoints, shareFolder } from "./mounts.ts";
import { longestCall, published } from "./publish/calls.ts";
import type { Graves } from "./publish/graves.ts";
import { hostPath, type InsideOut } from "./publish/mountpoints.ts";
import { createProxy } from "./publish/proxy.ts";
import { Publication } from "./publish/publication.ts";
import { openUses, type Uses } from "./publish/uses.ts";
import type { DriverRecord } from "./record.ts";
import { writeRecord } from "./record.ts";
import { type DriverFolder, driverFolder, rootfsOf } from "./root-folder.ts";
import { writeBundle } from "./run/bundle.ts";
import { lastLines, noteInLog, rotateLog } from "./run/driver-log.ts";
import { servesCapability } from "./run/oci-spec.ts";
import { adoptShim, driverPid, livingShim, readExit, startShim } from "./run/shim.ts";

/** Milliseconds that a collector of metrics has for its last call. */
const goodbyeLimit = 2_000;

/** An installed driver in a running host. */
export class LiveDriver {
  record: DriverRecord;
  readonly folder: DriverFolder;
  readonly uses: Uses;
  readonly #parts: HostParts;
  readonly #publication: Publication;
  #keeper: Keeper | undefined;
  #waiting = 0;
  /** When it last answered a call, or had none to answer. */
  #answered = 0;
  #isGone = false;
  #queue: Promise<unknown> = Promise.resolve();

  constructor(parts: HostParts, record: DriverRecord, graves: Graves) {
    this.#parts = parts;
    this.#publication = new Publication(graves);
    this.record = record;
    this.folder = driverFolder(parts.root, record.id);
    this.uses = openUses(this.folder.uses);
  }

  /** One change at a time. */
  exclusively<T>(change: () => Promise<T>): Promise<T> {
    const turn = this.#queue.then(change);
    this.#queue = turn.catch(() => {});
    return turn;
  }

  async write(record: DriverRecord): Promise<void> {
    await writeRecord(this.#parts.root, record);
    this.record = record;
  }

  /** Starts it and waits until it is healthy. @returns why it is not, after it has been ended again */
  async start(limit?: number): Promise<string | undefined> {
    this.requireStartable();
    await this.#publication.requireFree(this.#publishedPaths());
    const keeper = new Keeper(this.#kept(), this.#parts.times);
    this.#keeper = keeper;
    const timer = limit === undefined || limit === 0 ? undefined : AbortSignal.timeout(limit);
    const late = new Promise<string>((resolve) =>
      timer?.addEventListener("abort", () => resolve(`it is not healthy within ${(limit ?? 0) / 1000} s`)),
    );
    const reason = await Promise.race([keeper.firstStart, late]);
    if (reason !== undefined) {
      await this.stop();
      return reason;
    }
    await this.publish();
    return undefined;
  }

  /** Goes on after the host has started: takes over what runs, starts what does not. */
  async resume(): Promise<void> {
    const code = livingShim(this.folder.run) === undefined ? readExit(this.folder.run) : undefined;
    const before = code === undefined ? undefined : `while no host ran, ${endingText(code, lastLines(this.folder.log, 3))}`;
    this.#keeper = new Keeper(this.#kept(), this.#parts.times, before);
    await this.publish();
  }

  /** How the first start of a resumed driver comes out. */
  firstStart(): Promise<string | undefined> {
    return this.#keeper?.firstStart ?? Promise.resolve("it is disabled");
  }

  async stop(): Promise<void> {
    if (this.#serves("metricscollector") && this.#keeper?.status().state === "healthy")
      await callDriver(this.#socket, "MetricsCollector.StopMetrics", null, goodbyeLimit);
    if (this.#keeper === undefined) await this.end();
    else await this.#keeper.stop();
    this.#keeper = undefined;
    await rm(this.folder.run, { recursive: true, force: true });
  }

  /** The host goes; the driver stays. */
  async release(): Promise<void> {
    this.#publication.close();
    await this.#keeper?.release();
  }

  publish(): Promise<void> {
    return this.#publication.open(this.#publishedPaths(), () => this.#proxy());
  }

  /** It is removed. */
  bury(): void {
    this.#isGone = true;
    if (this.#serves("volumedriver")) this.#publication.bury();
    else this.#publication.close();
  }

  /** @throws driver-settings-missing, driver-cannot-start */
  requireStartable(): void {
    const { config, set } = this.record.current;
    const settings = settingsOf(config, set);
    const missing = missingSettings(config, settings);
    const withoutSource = settings.Mounts.filter(({ Source }) => Source === null).map(({ Name, Destination }) => Name || Destination);
    const all = [...missing, ...withoutSource];
    if (all.length > 0) throw driverErrors["driver-settings-missing"]({ name: this.record.name, missing: all.join(", ") });
    if ((config.Entrypoint ?? []).length === 0 && settings.Args.length === 0)
      throw driverErrors["driver-cannot-start"]({ reason: "its configuration has no entry point" });
  }

  requireUnused(force: boolean): void {
    const count = this.uses.count();
    if (count > 0 && !force) throw driverErrors["driver-in-use"]({ name: this.record.name, count });
  }

  status(): DriverStatus {
    const { current, previous, enabled } = this.record;
    const kept = this.#keeper?.status();
    const state = enabled || kept !== undefined ? (kept?.state ?? "installed") : "disabled";
    const pid = driverPid(this.folder.run);
    return {
      state,
      ...(kept?.reason === undefined ? {} : { reason: kept.reason }),
      failures: kept?.failures ?? 0,
      ...(kept?.nextStart === undefined ? {} : { nextStart: new Date(kept.nextStart).toISOString() }),
      ...(kept?.startedAt === undefined ? {} : { startedAt: new Date(kept.startedAt).toISOString() }),
      ...(pid === undefined ? {} : { pid }),
      digest: current.digest,
      ...(previous === undefined ? {} : { previous: { reference: previous.reference, digest: previous.digest } }),
      inUse: this.uses.count(),
    };
  }

  view(): ManagedPlugin {
    const { id, name, enabled, current } = this.record;
    const settings = withoutSecrets(current.config, settingsOf(current.config, current.set));
    return {
      Id: id,
      Name: name,
      Enabled: enabled,
      PluginReference: current.reference,
      Config: current.config,
      Settings: settings,
      Outrigger: this.status(),
    };
  }

  #serves(capability: string): boolean {
    return servesCapability(this.record.current.config, capability);
  }

  /** None for a driver that collects metrics only: engine 20.10 hangs when it meets one as a legacy plug-in, and it needs none to be collected by us. */
  #publishedPaths(): readonly string[] {
    if (published(this.record.current.config.Interface.Types).length === 0) return [];
    return this.#parts.publish.map((folder) => join(folder, `${this.record.published}.sock`));
  }

  get #socket(): string {
    return join(this.folder.sockets, this.record.current.config.Interface.Socket);
  }

  #kept(): KeptDriver {
    const { run, log, sockets } = this.folder;
    const { runtime, endLimit } = this.#parts;
    return {
      adopt: () => adoptShim(run),
      start: async () => {
        await rotateLog(log);
        await runtime.remove(this.record.id);
        await rm(run, { recursive: true, force: true });
        await mkdir(sockets, { recursive: true, mode: 0o700 });
        const { UID = 0, GID = 0 } = this.record.current.config.User;
        await chown(sockets, UID, GID);
        if (this.record.current.config.PropagatedMount !== "") await this.#shareMounts();
        await writeBundle(this.record, this.folder, this.#parts);
        await noteInLog(log, `starts ${this.record.current.reference}`);
        return startShim(run, runtime.runCommand(this.record.id, run), log);
      },
      end: () => this.end(endLimit),
      probe: async (limit) => {
        void rotateLog(log).catch(() => {});
        return probeOf(this.record.current.config, this.#socket)(limit);
      },
      ending: (code) => endingText(code, lastLines(log, 3)),
      introduce: async () => {
        if (!this.#serves("metricscollector")) return undefined;
        const answer = await callDriver(this.#socket, "MetricsCollector.StartMetrics", null, this.#parts.times.probeLimit);
        if (typeof answer === "string") return answer;
        return answer.status === 200
          ? undefined
          : `it answers MetricsCollector.StartMetrics with status ${answer.status}: ${answer.text.trim()}`;
      },
      // Whoever has answered nothing for as long as the longest call may take is not busy but hangs.
      isBusy: () => this.#waiting > 0 && Date.now() - this.#answered < longestCall,
      note: (text) => void noteInLog(log, text),
    };
  }

  /** Ends whatever runs of it: asked to first, then by force. */
  async end(limit: number = this.#parts.endLimit): Promise<void> {
    const { runtime } = this.#parts;
    const { id } = this.record;
    const run = adoptShim(this.folder.run);
    if (run !== undefined) {
      for (const signal of ["TERM", "KILL"] as const) {
        await runtime.signal(id, signal);
        const late = AbortSignal.timeout(limit);
        const ended = await Promise.race([
          run.ended.then(() => true),
          new Promise<false>((resolve) => late.addEventListener("abort", () => resolve(false))),
        ]);
        if (ended) break;
      }
    }
    await runtime.remove(id);
  }

  async #shareMounts(): Promise<void> {
    await mkdir(this.folder.propagated, { recursive: true, mode: 0o755 });
    await shareFolder(this.folder.propagated);
  }

  #proxy(): Server {
    return createProxy({
      name: this.record.published,
      types: () =>
        !this.#isGone && (this.record.enabled || this.#keeper !== undefined) ? this.record.current.config.Interface.Types : undefined,
      socket: () => this.#socket,
      isGone: () => this.#isGone,
      whyNot: async () => {
        if (this.#isGone) return "it was removed";
        if (this.#keeper === undefined) return this.record.enabled ? "it is being changed" : "it is disabled";
        if (await this.#keeper.isUp(this.#parts.patience)) return undefined;
        const { reason = "it is starting", failures } = this.#keeper.status();
        return failures > 1 ? `${reason} (${failures} failures in a row)` : reason;
      },
      toHost: (inside) => hostPath(inside, this.#insideOut()),
      succeeded: (method, body) => {
        this.#answered = Date.now();
        this.uses.record(method, body);
      },
      waiting: (change) => {
        if (this.#waiting === 0) this.#answered = Date.now();
        this.#waiting += change;
      },
      callLimit: this.#parts.callLimit,
    });
  }

  #insideOut(): InsideOut {
    const mounted = new Set(mountPoints());
    return {
      rootfs: rootfsOf(this.folder, this.record.current.folder),
      propagatedMount: this.record.current.config.PropagatedMount,
      propagated: this.folder.propagated,
      isMounted: (path) => mounted.has(path),
      readLink: (path) => {
        try {
          return readlinkSync(path);
        } catch {
          return undefined;
        }
      },
    };
  }
}
