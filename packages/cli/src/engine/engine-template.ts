import { editorSchema, schemaComment, schemaFile } from "../editor-schema.ts";

/** The files of a new plug-in of the engine layer, by name. It can be installed and its test passes as it is. */
export function engineTemplate(name: string): Readonly<Record<string, string>> {
  return {
    "plugin.yaml": manifest(name),
    [schemaFile]: editorSchema(),
    "plugin.ts": module(name),
    [`${name}.test.ts`]: unitTest(),
    "README.md": readme(name),
  };
}

function manifest(name: string): string {
  return `${schemaComment}
apiVersion: outrigger.dev/v1
kind: Plugin
metadata:
  name: ${name}
  version: 1.0.0
  description: Labels new containers, and refuses privileged ones.
spec:
  layer: engine
  engine:
    entry: plugin.ts
    hooks:
      - container.preCreate
      - { hook: container.preCreate/validate, filter: { doors: [create, service, exec] } }
    privileges: { change: [body.Labels.*] }
  config:
    - group: settings
      items:
        - { name: TEAM, default: nobody, description: The label's value }
`;
}

/** What plug-ins import; this room itself does not. */
const sdk = "@outrigger/sdk";

function module(name: string): string {
  return `import { defineEnginePlugin, refuse } from "${sdk}";

${"export"} default defineEnginePlugin({
  name: "${name}",
  hooks: {
    "container.preCreate": {
      handler(input, { settings }) {
        const team = String(settings.settings?.TEAM);
        return { ...input, body: { ...input.body, Labels: { ...input.body.Labels, team } } };
      },
      // After all changes, of other plug-ins too: may only refuse.
      validate({ body }) {
        if (body.HostConfig?.Privileged === true) {
          throw refuse({ code: "privileged", message: "Privileged containers are not allowed.", hint: "Leave --privileged away." });
        }
      },
    },
  },
});
`;
}

function unitTest(): string {
  return `import assert from "node:assert/strict";
import { test } from "node:test";
import { testPlugin } from "${sdk}/test-kit";

test("a container gets its team, and may not be privileged", async () => {
  const kit = await testPlugin({ folder: import.meta.dirname, settings: { settings: { TEAM: "blue" } } });
  const request = (body: object) => ({ name: null, platform: null, body });
  const labelled = await kit.change("container.preCreate", request({ Image: "nginx" }));
  assert.equal(labelled.input.body.Labels?.["team"], "blue");
  const refused = await kit.change("container.preCreate", request({ HostConfig: { Privileged: true } }));
  assert.equal(refused.refused?.code, "privileged");
});
`;
}

function readme(name: string): string {
  return `# ${name}

Labels new containers with their team, and refuses privileged ones. Change \`plugin.ts\` to what you need; \`plugin.yaml\` names the hooks, and the fields that it may change.

    outrigger plugin validate plugin.yaml
    outrigger engine plugins install . --grant all --set settings.TEAM=blue
    outrigger engine --listen unix:///run/outrigger/docker.sock

The test needs no engine: \`npm install @outrigger/sdk\` beside this folder, then \`node --test\`.
`;
}
