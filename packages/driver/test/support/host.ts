import { execFileSync } from "node:child_process";
import { mkdtempSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import type { TestContext } from "node:test";
import {
  type DriverHost,
  driverFolder,
  type HostParts,
  type KeepTimes,
  ociRuntime,
  openDriverHost,
  type PluginConfig,
  rootFolder,
  storedPackages,
  usualTimes,
} from "@outrigger/driver";
import { pluginConfig } from "./plugin-config.ts";

/** A package's parts before they are a package. */
export interface PackageParts {
  readonly config: PluginConfig;
  readonly files?: Readonly<Record<string, string>>;
}

const nodeFolder = dirname(realpathSync(process.execPath));
const bind = (name: string, source: string, destination: string) => ({
  Name: name,
  Description: "",
  Settable: null,
  Source: source,
  Destination: destination,
  Type: "bind",
  Options: ["rbind", "ro"],
});

/** The volume driver of this folder, run by this machine's Node and libraries. */
export function volumeDriver(given: Partial<PluginConfig> = {}): PackageParts {
  const env = (Name: string, Value: string) => ({ Name, Description: "", Settable: ["value"], Value });
  return {
    config: pluginConfig({
      Entrypoint: ["/node/node", "/driver.ts"],
      Env: [env("MODE", ""), env("GREETING", "hello")],
      Mounts: [
        bind("usr", "/usr", "/usr"),
        bind("lib", "/lib", "/lib"),
        bind("lib64", "/lib64", "/lib64"),
        bind("node", nodeFolder, "/node"),
      ],
      PropagatedMount: "/data",
      ...given,
    }),
  };
}

export interface TestHost {
  readonly parts: HostParts;
  readonly folder: string;
  /** Where sockets are published. */
  readonly published: string;
}

/** The parts of a host whose root is a temporary folder; what runs in it ends with the test. */
export function hostParts(context: Pick<TestContext, "after">, given: Partial<HostParts> = {}): TestHost {
  const folder = mkdtempSync(join(tmpdir(), "od-"));
  const root = rootFolder(join(folder, "root"));
  const published = join(folder, "plugins");
  const runtime = given.runtime ?? ociRuntime(root.runtime, undefined);
  context.after(() => cleanUp(folder, root.runtime, runtime.program));
  const parts: HostParts = {
    root,
    runtime,
    access: storedPackages(root),
    publish: [published],
    logging: join(folder, "logging"),
    metrics: join(folder, "metrics.sock"),
    times: { ...usualTimes, start: 8_000 },
    callLimit: 60_000,
    patience: 5_000,
    endLimit: 5_000,
    log: () => {},
    ...given,
  };
  return { parts, folder, published };
}

/** Ends what still runs, takes mounts away, removes everything. */
export function cleanUp(folder: string, runtimeState: string, program: string): void {
  const script = [
    'for state in "$2"/*/; do [ -d "$state" ] && "$3" --root "$2" delete --force "$(basename "$state")"; done',
    "for tries in 1 2 3; do awk '{ print $5 }' /proc/self/mountinfo | grep \"^$1/\" | tac | xargs -r -n 1 umount --lazy; done",
  ].join("\n");
  try {
    execFileSync("/bin/sh", ["-c", script, "clean-up", folder, runtimeState, program], { stdio: "ignore" });
  } catch {
    // Nothing was left.
  }
  rmSync(folder, { recursive: true, force: true, maxRetries: 5, retryDelay: 200 });
}

export interface RunningHost extends TestHost {
  readonly host: DriverHost;
}

/** A host that is open until the test ends. */
export async function startHost(context: Pick<TestContext, "after">, given: Partial<HostParts> = {}): Promise<RunningHost> {
  const test = hostParts(context, given);
  const host = await openDriverHost(test.parts);
  context.after(() => host.close());
  return { ...test, host };
}

/** Tells a running driver how to behave. */
export function setMode(host: DriverHost, { parts }: TestHost, name: string, mode: string): void {
  const folder = driverFolder(parts.root, host.inspect(name).Id).propagated;
  writeFileSync(join(folder, "mode"), mode);
}

/** Times so short that a test need not wait. */
export const quick: KeepTimes = {
  start: 6_000,
  probeEvery: 200,
  probeLimit: 300,
  hungAfter: 2,
  forgiven: 60_000,
  backOff: { first: 300, most: 1_000, atOnce: true },
};
