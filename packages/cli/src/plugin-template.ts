import { editorSchema, schemaComment, schemaFile } from "./editor-schema.ts";

/** The types that a template of plain shell can fill: network plug-ins need a proxy, which is better taken from the catalogue. */
export type TemplateType = "general" | "init" | "performance";
export const templateTypes: readonly TemplateType[] = ["general", "init", "performance"];

interface Kind {
  readonly description: string;
  readonly items: readonly string[];
  readonly program: string;
  readonly whatItDoes: string;
}

/** The files of a new plug-in, by name. It builds and runs as it is. */
export function pluginTemplate(name: string, type: TemplateType): Readonly<Record<string, string>> {
  const kind = kinds[type];
  return {
    "plugin.yaml": manifest(name, type, kind),
    [schemaFile]: editorSchema(),
    Dockerfile: `FROM debian:bookworm-slim\nCOPY ${name} /usr/local/bin/${name}\nCMD ["/usr/local/bin/${name}"]\n`,
    ".dockerignore": `plugin.yaml\n${schemaFile}\nREADME.md\n`,
    [name]: kind.program,
    "README.md": readme(name, kind),
  };
}

function manifest(name: string, type: TemplateType, kind: Kind): string {
  return `${schemaComment}
apiVersion: outrigger.dev/v1
kind: Plugin
metadata:
  name: ${name}
  version: 1.0.0
  description: ${kind.description}
spec:
  layer: pod
  pod:
    type: ${type}
    source:
      dockerfile: { context: ., file: Dockerfile }
    resources: { memory: 32Mi, cpu: 50m }
    mounts: { share: all, readOnly: ${type !== "init"} }
  config:
    - group: settings
      items:
${kind.items.map((item) => `        - ${item}`).join("\n")}
`;
}

const kinds: Readonly<Record<TemplateType, Kind>> = {
  general: {
    description: "Runs beside the app and says what it sees.",
    items: ["{ name: INTERVAL, type: integer, min: 1, default: 30, description: Seconds between two lines }", podName()],
    whatItDoes: "It runs beside the app, sees its volumes and variables, and prints a line every INTERVAL seconds.",
    program: `#!/bin/sh
set -eu
trap 'exit 0' TERM
while :; do
  echo "beside \${POD_NAME}: still here"
  sleep "\${INTERVAL}" & wait $!
done
`,
  },
  init: {
    description: "Runs to its end before the app starts.",
    items: ["{ name: MESSAGE, default: ready, description: What it prints }", podName()],
    whatItDoes:
      "It runs before the app: the app starts once it has ended with 0. When it fails it is tried again, and the component says why.",
    program: `#!/bin/sh
set -eu
echo "\${POD_NAME}: \${MESSAGE}"
`,
  },
  performance: {
    description: "Runs beside the app and measures the pod.",
    items: ["{ name: INTERVAL, type: integer, min: 1, default: 15, description: Seconds between two measurements }", podName()],
    whatItDoes: "It shares the pod's network, so it can count the pod's connections; it prints their number every INTERVAL seconds.",
    program: `#!/bin/sh
set -eu
trap 'exit 0' TERM
while :; do
  open=$(awk '$4 == "01"' /proc/net/tcp /proc/net/tcp6 2>/dev/null | wc -l)
  echo "pod=\${POD_NAME} established=\${open}"
  sleep "\${INTERVAL}" & wait $!
done
`,
  },
};

function podName(): string {
  return '{ name: POD_NAME, default: "${pod.name}", editable: false }';
}

function readme(name: string, kind: Kind): string {
  return `# ${name}

${kind.whatItDoes}

    outrigger plugin validate plugin.yaml
    outrigger plugin build .
    outrigger install APPLICATION/COMPONENT ${name}

Settings stand in plugin.yaml under \`config\`. A version is fixed once it is built: to change it, raise \`metadata.version\`.
`;
}
