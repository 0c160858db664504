import * as z from "zod";
import { asRecord, asRecords, pathField, withRule } from "./fields.ts";
import type { PluginManifest } from "./plugin-manifest.ts";
import { type DockerfileSource, dockerfileField, exactlyOne } from "./pod-body.ts";
import type { PlainProblem } from "./problem.ts";

/** Where a driver's root filesystem comes from: exactly one of the four. Paths are relative to the file. */
export interface DriverSource {
  /** A JavaScript or TypeScript module; it is bundled, and a Node runtime put beside it. */
  readonly entry?: string;
  /** Beside `entry`: programs of the machine that builds, e.g. `/usr/sbin/ip`. They come with their libraries, and stand at the same place. */
  readonly programs?: readonly string[];
  /** A folder, or a tar of one. */
  readonly rootfs?: string;
  readonly dockerfile?: DockerfileSource;
  /** An image in a registry or in the local store. */
  readonly image?: string;
}

/** A device of the host, at the same path inside. */
export interface DriverDevice {
  readonly name: string;
  /** Absent: it must be set before the driver starts. */
  readonly path?: string;
  readonly settable: boolean;
  readonly description?: string;
}

/** A directory or file of the host that the driver sees, or a filesystem of its own (`type: tmpfs`). */
export interface DriverMount {
  readonly name: string;
  /** On the host. Absent: it must be set before the driver starts. */
  readonly source?: string;
  readonly destination: string;
  readonly type: string;
  /** As mount(8) has them. Default: `rbind` for the type bind. */
  readonly options?: readonly string[];
  readonly settable: boolean;
  readonly description?: string;
}

/** Arguments after the entry point. */
export interface DriverArgs {
  readonly name: string;
  readonly value: readonly string[];
  readonly settable: boolean;
  readonly description?: string;
}

/** The body of a plugin.yaml whose layer is `driver`: what Docker's config.json says, and where the files come from. */
export interface DriverPluginBody {
  /** e.g. `docker.volumedriver/1.0`. */
  readonly interfaces: readonly string[];
  /** The socket's file name, at most 22 bytes. Absent: {@link driverSocket}. */
  readonly socket?: string;
  readonly source: DriverSource;
  /** Program and arguments. Needed for a rootfs; an image brings its own. */
  readonly entrypoint?: readonly string[];
  readonly workdir?: string;
  /** Linux capabilities beyond the engine's usual 14, e.g. `CAP_NET_ADMIN`. */
  readonly capabilities: readonly string[];
  /** `none`: loopback only. `host`: the host's network. */
  readonly network: "none" | "host";
  readonly ipcHost: boolean;
  readonly pidHost: boolean;
  readonly allowAllDevices: boolean;
  readonly devices: readonly DriverDevice[];
  readonly mounts: readonly DriverMount[];
  /** A folder inside whose mounts the host sees; it is kept when the driver is upgraded. */
  readonly propagatedMount?: string;
  readonly args?: DriverArgs;
  /** Where to read more: a URL. */
  readonly documentation?: string;
}

/** Longest name of a socket in bytes: an engine dials /run/docker/plugins/ID/SOCKET, and a socket's path has room for 107. */
export const longestSocket: number = 22;

/** An interface as an engine takes it apart: PREFIX.CAPABILITY/VERSION. */
export const interfacePattern: RegExp = /^[a-z0-9.]+\.[a-z]+\/\d+\.\d+$/;

const capabilityField = z.string().regex(/^CAP_[A-Z_]+$/, "A capability is written as CAP_NET_ADMIN.");
const itemNameField = z
  .string()
  .min(1)
  .regex(/^[^.=\s]+$/, "The name of something that can be set has no dot, equals sign or space: `set` would read them otherwise.");

export const driverBodyField: z.ZodType<DriverPluginBody> = withRule(
  z.strictObject({
    interfaces: z.array(z.string().regex(interfacePattern, "An interface is e.g. docker.volumedriver/1.0.")).min(1),
    socket: z.string().exactOptional().describe("The socket's file name under /run/docker/plugins; default NAME.sock."),
    source: withRule(
      z.strictObject({
        entry: z.string().min(1).exactOptional().describe("A JavaScript or TypeScript module: it is bundled with a Node runtime."),
        programs: z
          .array(pathField)
          .min(1)
          .exactOptional()
          .describe(
            "With entry: programs of the building machine that the module runs, e.g. /usr/sbin/ip; their libraries come with them.",
          ),
        rootfs: z.string().min(1).exactOptional().describe("A folder that is the root filesystem, or a tar of one."),
        dockerfile: dockerfileField.exactOptional(),
        image: z.string().min(1).exactOptional().describe("An image whose files are the root filesystem."),
      }),
      (value) => exactlyOne(value, ["entry", "rootfs", "dockerfile", "image"], "the driver's files come from"),
    ),
    entrypoint: z.array(z.string().min(1)).min(1).exactOptional(),
    workdir: pathField.exactOptional(),
    capabilities: z.array(capabilityField).default([]),
    network: z.enum(["none", "host"]).default("none"),
    ipcHost: z.boolean().default(false),
    pidHost: z.boolean().default(false),
    allowAllDevices: z.boolean().default(false),
    devices: z
      .array(
        z.strictObject({
          name: itemNameField,
          path: pathField.exactOptional(),
          settable: z.boolean().default(false),
          description: z.string().exactOptional(),
        }),
      )
      .default([]),
    mounts: z
      .array(
        z.strictObject({
          name: itemNameField,
          source: z.string().exactOptional(),
          destination: pathField,
          type: z.string().min(1).default("bind"),
          options: z.array(z.string().min(1)).exactOptional(),
          settable: z.boolean().default(false),
          description: z.string().exactOptional(),
        }),
      )
      .default([]),
    propagatedMount: pathField.exactOptional(),
    args: z
      .strictObject({
        name: itemNameField.default("args"),
        value: z.array(z.string()).default([]),
        settable: z.boolean().default(false),
        description: z.string().exactOptional(),
      })
      .exactOptional(),
    documentation: z.string().exactOptional(),
  }),
  driverRules,
);

/** The socket's file name: what the manifest says, else NAME.sock. */
export function driverSocket(name: string, body: { readonly socket?: string }): string {
  return body.socket ?? `${name}.sock`;
}

/** What is wrong with a socket's file name, or undefined. */
export function socketProblem(socket: string): Omit<PlainProblem, "path"> | undefined {
  const expected = `a file name of at most ${longestSocket} bytes`;
  const problem = (message: string): Omit<PlainProblem, "path"> => ({ code: "wrong-value", message, found: socket, expected });
  if (socket === "" || socket === "." || socket === "..") return problem("The socket has no name.");
  if (/[/\0]/.test(socket)) return problem(`The socket ${JSON.stringify(socket)} is a file name without folders.`);
  const length = Buffer.byteLength(socket);
  if (length <= longestSocket) return undefined;
  return {
    ...problem(`The socket's name has ${length} bytes; an engine can't dial more than ${longestSocket}.`),
    hint: "Shorten it with `socket:`.",
  };
}

/** The rules over a driver's whole `spec`: its socket, and that everything settable has a name of its own. */
export function* driverSpecRules(name: unknown, spec: Readonly<Record<string, unknown>>): Generator<PlainProblem> {
  const body = asRecord(spec["driver"]);
  const socket = typeof body["socket"] === "string" ? body["socket"] : driverSocket(String(name ?? ""), {});
  const wrong = name === undefined && body["socket"] === undefined ? undefined : socketProblem(socket);
  if (wrong !== undefined) yield { ...wrong, path: ["spec", "driver", ...(body["socket"] === undefined ? [] : ["socket"])] };
  yield* variableRules(spec);
  yield* nameRules(spec, body);
}

function* variableRules(spec: Readonly<Record<string, unknown>>): Generator<PlainProblem> {
  for (const [index, group] of asRecords(spec["config"]).entries()) {
    if ((group["inject"] ?? "env") !== "env") {
      yield {
        path: ["spec", "config", index, "inject"],
        code: "wrong-value",
        message: "A driver gets its settings as variables when it starts.",
        found: String(group["inject"]),
        expected: "env",
      };
    }
    for (const [at, item] of asRecords(group["items"]).entries()) {
      if (typeof item["name"] !== "string" || /^[A-Za-z_][A-Za-z0-9_]*$/.test(item["name"])) continue;
      yield {
        path: ["spec", "config", index, "items", at, "name"],
        code: "wrong-value",
        message: `The variable ${JSON.stringify(item["name"])} can't be set: an engine takes what follows a dot for a field.`,
        found: item["name"],
        expected: "letters, digits and underscores",
      };
    }
  }
}

function* nameRules(spec: Readonly<Record<string, unknown>>, body: Readonly<Record<string, unknown>>): Generator<PlainProblem> {
  const named = [
    ...asRecords(spec["config"]).flatMap((group, index) =>
      asRecords(group["items"]).map((item, at) => ({ item, path: ["spec", "config", index, "items", at, "name"] })),
    ),
    ...(["mounts", "devices"] as const).flatMap((list) =>
      asRecords(body[list]).map((item, at) => ({ item, path: ["spec", "driver", list, at, "name"] })),
    ),
    ...(body["args"] === undefined
      ? []
      : [{ item: { name: "args", ...asRecord(body["args"]) }, path: ["spec", "driver", "args", "name"] }]),
  ];
  const first = new Map<unknown, string>();
  for (const { item, path } of named) {
    const name: unknown = item["name"];
    const earlier = first.get(name);
    const kind = String(path[1] === "config" ? "settings" : path[2]);
    // Two settings of one name are told apart by their groups, and refused there.
    if (name !== undefined && earlier !== undefined && !(earlier === "settings" && kind === "settings")) {
      const message = `${JSON.stringify(name)} stands among the ${earlier} too; \`set\` would always mean that one.`;
      yield { path, code: "duplicate-name", message, found: String(name), hint: "Give each a name of its own." };
    } else if (name !== undefined) first.set(name, kind);
  }
}

function* driverRules(value: unknown): Generator<PlainProblem> {
  const body = asRecord(value);
  const source = asRecord(body["source"]);
  for (const key of ["entry", "rootfs"] as const) {
    const path = source[key];
    if (typeof path !== "string" || (!path.startsWith("/") && !path.split("/").includes(".."))) continue;
    yield {
      path: ["source", key],
      code: "wrong-value",
      message: "The driver's files lie in its own folder.",
      found: path,
      hint: "Write a way without .. and without a slash at its start.",
    };
  }
  if (source["rootfs"] !== undefined && body["entrypoint"] === undefined) {
    yield {
      path: ["entrypoint"],
      code: "missing-key",
      message: "A root filesystem does not say which program of it is the driver.",
      hint: "Add `entrypoint: [/usr/bin/driver]`.",
    };
  }
  if (source["entry"] === undefined && source["programs"] !== undefined) {
    yield {
      path: ["source", "programs"],
      code: "conflict",
      message: "Programs are put beside a module; other sources bring all of their files.",
      hint: "Remove `programs`, or name a module with `entry`.",
    };
  }
  if (source["entry"] !== undefined && body["entrypoint"] !== undefined) {
    yield {
      path: ["entrypoint"],
      code: "conflict",
      message: "A driver made of a module is started by the Node runtime put beside it.",
      hint: "Remove `entrypoint`; arguments go to `args`.",
    };
  }
}

/** A manifest of the `driver` layer. */
export interface DriverPluginManifest extends PluginManifest {
  readonly spec: Extract<PluginManifest["spec"], { layer: "driver" }>;
}

/** True for a plug-in that is a managed plug-in of an engine. */
export function isDriverPlugin(manifest: PluginManifest): manifest is DriverPluginManifest {
  return manifest.spec.layer === "driver";
}
