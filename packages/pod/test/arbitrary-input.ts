import type { ConfigGroup, ConfigItem, PodPluginType, Port } from "@outrigger/plugin";
import type { ComposeInput, Endpoint, PodInstallation } from "@outrigger/pod";
import fc from "fast-check";

const name = fc.stringMatching(/^[a-z][a-z0-9]{0,5}$/);
const text = fc.oneof(fc.string({ maxLength: 8 }), fc.constantFrom("${pod.ip}", "${A:1}", "${A}", "$${A}", "x-${node.name}-y", "${", "}"));
const protocol = fc.constantFrom("http", "grpc", "tcp", "mysql") as fc.Arbitrary<Port["protocol"]>;
const port: fc.Arbitrary<Port> = fc.record({ port: fc.integer({ min: 1, max: 65535 }), protocol });
const types: readonly PodPluginType[] = ["init", "general", "ingress", "egress", "ingress-egress", "performance"];

const stringItem: fc.Arbitrary<ConfigItem> = fc.record({
  name: fc.constantFrom("A", "B", "HOST", "constructor", "__proto__"),
  type: fc.constant("string" as const),
  required: fc.boolean(),
  editable: fc.constant(true),
  default: text,
});

const group: fc.Arbitrary<ConfigGroup> = fc.record({
  group: name,
  dependsOn: fc.constantFrom("none", "none", "port", "downstream-port") as fc.Arbitrary<ConfigGroup["dependsOn"]>,
  inject: fc.constantFrom("env", "discovery") as fc.Arbitrary<ConfigGroup["inject"]>,
  file: fc.constantFrom("/etc/one/settings.json", "/etc/two/settings.env"),
  items: fc.uniqueArray(stringItem, { minLength: 1, maxLength: 3, selector: (item) => item.name }),
});

const endpoint: fc.Arbitrary<Endpoint> = fc.record({
  pod: name,
  replica: fc.integer({ min: 0, max: 2 }),
  address: fc.constantFrom("172.18.0.2", "172.18.0.3"),
  ready: fc.boolean(),
});

const installation = (names: fc.Arbitrary<string>): fc.Arbitrary<PodInstallation> =>
  fc
    .record({
      plugin: names,
      type: fc.constantFrom(...types),
      config: fc.array(group, { maxLength: 2 }),
      before: fc.array(names, { maxLength: 2 }),
      after: fc.array(names, { maxLength: 2 }),
      enabled: fc.boolean(),
      volumes: fc.array(fc.record({ name, path: fc.constantFrom("/a", "/b"), ephemeral: fc.boolean() }), { maxLength: 2 }),
      handed: fc.dictionary(fc.constantFrom("A", "HANDED", "MORE"), fc.oneof(text, fc.constant("${HANDED:} more")), { maxKeys: 1 }),
      appPath: fc.constantFrom("/x", "/y"),
      share: fc.oneof(fc.constant("all" as const), fc.array(fc.record({ name, readOnly: fc.boolean() }), { maxLength: 2 })),
    })
    .map(({ plugin, type, config, before, after, enabled, volumes, share, handed, appPath }) => ({
      plugin,
      version: "1.0.0",
      image: `sha256:${plugin}`,
      values: {},
      instance: `i-${plugin}`,
      revision: 1,
      enabled,
      spec: {
        layer: "pod" as const,
        config: config.map((each, index) => ({
          ...each,
          group: `${each.group}${index}`,
          items: each.items.map((item) => ({ ...item, name: index === 0 ? item.name : `${item.name}${index}` })),
          ...(each.dependsOn === "none" ? {} : { inject: "discovery" as const }),
        })),
        pod: {
          type,
          source: { image: "x" },
          resources: { memory: "64Mi", requests: { cpu: "10m" } },
          securityContext: { runAsUser: 65301 },
          mounts: { share, readOnly: false },
          volumes,
          files: [],
          exports: { env: handed, mounts: volumes.map((volume) => ({ volume: volume.name, path: appPath, readOnly: true })) },
          before: before.filter((other) => other !== plugin),
          after: after.filter((other) => other !== plugin),
          terminationGracePeriodSeconds: 10,
        },
      },
    }));

/** Any input that has the right shape, whether or not its parts fit each other. */
export const anyInput: fc.Arbitrary<ComposeInput> = fc.uniqueArray(name, { minLength: 1, maxLength: 6 }).chain((names) =>
  fc.record({
    team: fc.constant("default"),
    application: name,
    component: fc.record({
      name,
      image: fc.constant("app:1"),
      env: fc.dictionary(fc.constantFrom("A", "B", "C", "SHARED"), text),
      ports: fc.uniqueArray(port, { maxLength: 3, selector: (each) => each.port }),
      volumes: fc.uniqueArray(fc.record({ name, path: fc.constantFrom("/data", "/logs", "/a"), ephemeral: fc.boolean() }), {
        maxLength: 2,
        selector: (volume) => volume.name,
      }),
      replicas: fc.integer({ min: 1, max: 3 }),
      resources: fc.constant({}),
      securityContext: fc.constant({}),
      dependsOn: fc.constant([]),
      plugins: fc.constant([]),
      terminationGracePeriodSeconds: fc.constant(10),
    }),
    installations: fc.array(installation(fc.constantFrom(...names)), { maxLength: 5 }),
    downstream: fc.array(
      fc.record({ component: name, ports: fc.array(port, { maxLength: 2 }), endpoints: fc.array(endpoint, { maxLength: 2 }) }),
      { maxLength: 2 },
    ),
  }),
);
