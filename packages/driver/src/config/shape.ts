/** What Go decodes a place of config.json into, in the order in which it writes it. */
export type Shape =
  | { readonly kind: "text" | "flag" | "number" | "pointer" | "raw" }
  | { readonly kind: "list"; readonly of: Shape }
  | { readonly kind: "struct"; readonly fields: readonly Field[] };

export interface Field {
  readonly name: string;
  readonly shape: Shape;
  /** Left away when it is empty (Go's `omitempty`; a pointer in the case of a struct). */
  readonly optional?: true;
}

const text: Shape = { kind: "text" };
const flag: Shape = { kind: "flag" };
const number: Shape = { kind: "number" };
/** A text or null. */
const pointer: Shape = { kind: "pointer" };
const texts: Shape = { kind: "list", of: text };

function struct(fields: Readonly<Record<string, Shape>>, ...optional: readonly string[]): Shape {
  return {
    kind: "struct",
    fields: Object.entries(fields).map(([name, shape]) => ({ name, shape, ...(optional.includes(name) ? { optional: true } : {}) })),
  };
}

/** `types.PluginConfig` of moby 20.10 (api/types/plugin.go), which later versions keep but for DockerVersion; our own key stands last. */
export const configShape: Shape = struct(
  {
    Args: struct({ Description: text, Name: text, Settable: texts, Value: texts }),
    Description: text,
    DockerVersion: text,
    Documentation: text,
    Entrypoint: texts,
    Env: { kind: "list", of: struct({ Description: text, Name: text, Settable: texts, Value: pointer }) },
    Interface: struct({ ProtocolScheme: text, Socket: text, Types: texts }, "ProtocolScheme"),
    IpcHost: flag,
    Linux: struct({
      AllowAllDevices: flag,
      Capabilities: texts,
      Devices: { kind: "list", of: struct({ Description: text, Name: text, Path: pointer, Settable: texts }) },
    }),
    Mounts: {
      kind: "list",
      of: struct({ Description: text, Destination: text, Name: text, Options: texts, Settable: texts, Source: pointer, Type: text }),
    },
    Network: struct({ Type: text }),
    PidHost: flag,
    PropagatedMount: text,
    User: struct({ GID: number, UID: number }, "GID", "UID"),
    WorkDir: text,
    rootfs: struct({ diff_ids: texts, type: text }, "type"),
    Outrigger: { kind: "raw" },
  },
  "DockerVersion",
  "rootfs",
  "Outrigger",
);
