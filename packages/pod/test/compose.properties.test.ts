import assert from "node:assert/strict";
import { test } from "node:test";
import { type ComposeInput, compose, diff, type Pod, type PodPort } from "@outrigger/pod";
import fc from "fast-check";
import { anyInput } from "./arbitrary-input.ts";

const runs = { numRuns: 1500 };
const discoveryNames = [
  "API_HOST_PORT",
  "DISCOVER_TOKEN",
  "DISCOVER_URL",
  "DISCOVER_URL_NOHOST",
  "PLUGIN_ID",
  "XDS_HOST_IP",
  "XDS_HOST_PORT",
];

function composed(input: ComposeInput): Pod | undefined {
  const composition = compose(input);
  return composition.ok ? composition.pod : undefined;
}

test("no input of the right shape makes compose throw, and it always gives a pod or reasons", () => {
  let pods = 0;
  fc.assert(
    fc.property(anyInput, (input) => {
      const composition = compose(input);
      if (composition.ok) pods += 1;
      else assert.ok(composition.problems.length > 0);
    }),
    runs,
  );
  assert.ok(pods > 100, `only ${pods} inputs composed: the generator has become too wild to say anything`);
});

test("equal input gives the same pod, byte for byte", () => {
  fc.assert(
    fc.property(anyInput, (input) => {
      assert.equal(JSON.stringify(compose(structuredClone(input))), JSON.stringify(compose(input)));
    }),
    runs,
  );
});

test("no plug-in variable ever reaches another container", () => {
  fc.assert(
    fc.property(anyInput, (input) => {
      const pod = composed(input);
      for (const container of pod?.containers ?? []) {
        const installation = input.installations.find(({ plugin, enabled }) => enabled && plugin === container.name);
        const own = (installation?.spec.config ?? [])
          .filter(({ inject }) => inject === "env")
          .flatMap(({ items }) => items.map((item) => item.name));
        const connections = input.downstream.flatMap(({ component }) => [
          `${component.toUpperCase()}_HOST`,
          `${component.toUpperCase()}_PORT`,
        ]);
        const shared = [...Object.keys(input.component.env), ...connections];
        const handed = input.installations.flatMap(({ enabled, spec }) => (enabled ? Object.keys(spec.pod.exports.env) : []));
        const usesDiscovery = installation?.spec.config.some(({ inject }) => inject === "discovery");
        const allowed = new Set([...shared, ...(container.role === "app" ? handed : own), ...(usesDiscovery ? discoveryNames : [])]);
        for (const variable of container.env) assert.ok(allowed.has(variable.name), `${variable.name} in ${container.name}`);
      }
    }),
    runs,
  );
});

test("every shared variable reaches every container, under a name that stands once", () => {
  fc.assert(
    fc.property(anyInput, (input) => {
      for (const container of composed(input)?.containers ?? []) {
        const names = container.env.map((variable) => variable.name);
        assert.deepEqual(names, [...new Set(names)].sort());
        for (const shared of Object.keys(input.component.env)) assert.ok(names.includes(shared));
      }
    }),
    runs,
  );
});

test("order respects roles and the before/after graph", () => {
  const rank = { init: 0, network: 1, app: 2, sidecar: 3 };
  fc.assert(
    fc.property(anyInput, (input) => {
      const pod = composed(input);
      if (pod === undefined) return;
      const at = new Map(pod.containers.flatMap(({ name, role }, index) => (role === "app" ? [] : [[name, index] as const])));
      const ranks = pod.containers.map(({ role }) => rank[role]);
      assert.deepEqual(
        ranks,
        ranks.toSorted((a, b) => a - b),
      );
      for (const { plugin, spec, enabled } of input.installations) {
        if (!enabled) continue;
        const here = at.get(plugin) ?? -1;
        for (const other of spec.pod.before) if (at.has(other)) assert.ok(here < (at.get(other) ?? -1), `${plugin} before ${other}`);
        for (const other of spec.pod.after) if (at.has(other)) assert.ok(here > (at.get(other) ?? -1), `${plugin} after ${other}`);
      }
    }),
    runs,
  );
});

test("a pod that was applied differs in nothing from itself composed again", () => {
  fc.assert(
    fc.property(anyInput, (input) => {
      const pod = composed(input);
      if (pod === undefined) return;
      assert.deepEqual(diff(JSON.parse(JSON.stringify(pod)) as Pod, composed(structuredClone(input)) as Pod), {
        kind: "none",
        changes: [],
      });
    }),
    runs,
  );
});

test("every difference has a reason, and none goes unnoticed save the order of sidecars and of starting", () => {
  fc.assert(
    fc.property(anyInput, anyInput, (one, two) => {
      const [before, after] = [
        composed(one),
        composed({ ...two, application: one.application, component: { ...two.component, name: one.component.name } }),
      ];
      if (before === undefined || after === undefined) return;
      const { kind, changes } = diff(before, after);
      assert.equal(kind === "none", changes.length === 0);
      for (const change of changes) assert.ok(change.reason.length > 0);
      const essence = (pod: Pod): string =>
        JSON.stringify({
          ...pod,
          name: "",
          dependsOn: [],
          volumes: [],
          containers: pod.containers.map((each) => JSON.stringify(each)).sort(),
        });
      if (kind === "none") assert.equal(essence(before), essence(after));
    }),
    runs,
  );
});

test("every way leads on: each plug-in's next stop is another plug-in's door, or the end of the way", () => {
  let ways = 0;
  fc.assert(
    fc.property(anyInput, (input) => {
      const pod = composed(input);
      if (pod === undefined) return;
      const doors = [
        ...pod.ports.flatMap(({ entry, inner = [] }) => [entry ?? [], inner].flat()),
        ...pod.detours.map(({ listen }) => listen),
      ];
      assert.equal(new Set(doors).size, doors.length, "no door is used twice");
      for (const door of doors) assert.ok(!pod.ports.some(({ port }) => port === door), "no door is a port of the app");
      for (const { document } of Object.values(pod.discovery)) {
        for (const { listen_port, port, origin_port } of document.base_ports) {
          const entry: PodPort | undefined = pod.ports.find((each) => each.port === origin_port);
          if (listen_port === origin_port) continue;
          ways += 1;
          assert.ok(entry?.entry === listen_port || entry?.inner?.includes(listen_port));
          assert.ok(port === origin_port || entry?.inner?.includes(port));
        }
      }
    }),
    { numRuns: 10_000 },
  );
  assert.ok(ways > 5, `only ${ways} ways: the generator has become too wild to say anything`);
});
