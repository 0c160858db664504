import { editorSchema, schemaComment, schemaFile } from "../editor-schema.ts";
import { authzKind } from "./templates/authz.ts";
import type { DriverKind } from "./templates/driver-kind.ts";
import { ipamKind } from "./templates/ipam.ts";
import { logKind } from "./templates/log.ts";
import { metricsKind } from "./templates/metrics.ts";
import { networkKind } from "./templates/network.ts";
import { volumeKind } from "./templates/volume.ts";

export type DriverType = "volume" | "network" | "ipam" | "authz" | "log" | "metrics";

const kinds: Readonly<Record<DriverType, DriverKind>> = {
  volume: volumeKind,
  network: networkKind,
  ipam: ipamKind,
  authz: authzKind,
  log: logKind,
  metrics: metricsKind,
};

export const driverTypes: readonly DriverType[] = Object.keys(kinds) as readonly DriverType[];

/** The files of a new plug-in of the driver layer, by name. It can be built, and its test passes as it is. */
export function driverTemplate(name: string, type: DriverType): Readonly<Record<string, string>> {
  const kind = kinds[type];
  return {
    "plugin.yaml": manifest(name, kind),
    [schemaFile]: editorSchema(),
    "package.json": `${JSON.stringify({ name, private: true, type: "module" }, null, 2)}\n`,
    "main.ts": main(name, kind),
    "driver.ts": kind.driver,
    "driver.test.ts": kind.test,
    "README.md": readme(name, kind),
  };
}

function manifest(name: string, kind: DriverKind): string {
  const lines = [`interfaces: [${kind.interface}]`, "source: { entry: main.ts }", ...kind.lines];
  return `${schemaComment}
apiVersion: outrigger.dev/v1
kind: Plugin
metadata:
  name: ${name}
  version: 1.0.0
  description: ${kind.description}
spec:
  layer: driver
  driver:
${lines.map((line) => `    ${line}`).join("\n")}
  config:
    - group: settings
      items:
${kind.items.map((item) => `        - ${item}`).join("\n")}
`;
}

function main(name: string, { key, call, exported }: DriverKind): string {
  return `import { serveDriver } from "@outrigger/sdk/driver";
import { ${exported} } from "./driver.ts";

// Settings of plugin.yaml are variables here.
const ${key} = ${call};
await serveDriver({ ${key} }, { name: "${name}" });
`;
}

function readme(name: string, kind: DriverKind): string {
  const tries = kind.tryIt.map((line) => `    ${line.replaceAll("NAME", name)}`).join("\n");
  return `# ${name}

${kind.description} Change \`driver.ts\` to what you need; \`main.ts\` serves it, \`plugin.yaml\` says what it needs of the host and which settings it has.

The test needs no engine: \`npm install @outrigger/sdk\` in this folder, then \`node --test\`.

    outrigger plugin validate plugin.yaml
    outrigger driver build . -t ${name}:1.0.0
    outrigger driver install ${name}:1.0.0

and then

${tries}

To try it while you write, run it as one of Docker's legacy plug-ins: \`sudo node main.ts\` listens at /run/docker/plugins/${name}.sock, and the engine finds it there. End it with Ctrl-C: a socket that nobody answers at delays the engine.
`;
}
