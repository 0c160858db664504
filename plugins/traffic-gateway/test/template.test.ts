import assert from "node:assert/strict";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import type { ConfigGroup, ConfigItem, ConfigValue, Protocol } from "@outrigger/plugin";
import { renderFile } from "@outrigger/pod";
import fc from "fast-check";
import { documentOf, gatewayFile, gatewaySpec, groupOf, portEntry, problemsOf, serviceEntry, type Values } from "./documents.ts";
import { startGateway } from "./gateway.ts";

const spec = gatewaySpec("traffic-gateway");
const file = gatewayFile(spec);
const normal = { METRICS_PORT: "64303", ACCESS_LOG: "false" };
const protocols: readonly Protocol[] = ["http", "grpc", "https", "tcp", "mysql"];
const weight = fc.integer({ min: 0, max: 100 });

/** Items that name components, which must exist. */
const naming: Readonly<Record<string, fc.Arbitrary<string>>> = {
  WEIGHTS: fc.oneof(
    fc.array(weight, { minLength: 1, maxLength: 4 }).map((list) => list.map((each, replica) => `${replica}=${each}`).join(",")),
    fc.tuple(weight, weight).map(([own, other]) => `api=${own},other=${other}`),
  ),
  CANARY: fc.constantFrom("api", "other"),
  ROUTES: fc
    .array(fc.tuple(fc.stringMatching(/^[A-Za-z][\w-]{0,20}=[\w.:/@+*=-]{1,20}$/), fc.constantFrom("api", "other")), {
      minLength: 1,
      maxLength: 4,
    })
    .map((list) => list.map(([match, component]) => `${match} -> ${component}`).join("; ")),
};

function anyValue(item: ConfigItem): fc.Arbitrary<ConfigValue> {
  const known = naming[item.name];
  if (known !== undefined) return known;
  if (item.type === "integer") return fc.integer({ min: item.min ?? 0, max: item.max ?? 100 });
  if (item.type === "boolean") return fc.boolean();
  if (item.type === "single") return fc.constantFrom(...(item.options ?? []));
  if (item.type === "multiple") return fc.subarray([...(item.options ?? [])]);
  const matching = fc.stringMatching(new RegExp(`^(?:${item.pattern})$`, "u"));
  // HAProxy warns of a user that is there twice.
  return item.name === "BASIC_AUTH" ? matching.filter((text) => !/(?:^| )([^ :]+):(?:.* )?\1:/.test(text)) : matching;
}

function valuesOf(group: ConfigGroup, protocol: Protocol): fc.Arbitrary<Values> {
  const items = group.items.filter((item) => item.protocol === undefined || item.protocol.includes(protocol));
  return fc.record(Object.fromEntries(items.map((item) => [item.name, anyValue(item)])), { requiredKeys: [] }) as fc.Arbitrary<Values>;
}

const text = fc
  .record({
    ports: fc.array(
      fc.constantFrom(...protocols).chain((protocol) => valuesOf(groupOf(spec, "ports"), protocol).map((values) => ({ protocol, values }))),
      { maxLength: 3 },
    ),
    service: fc
      .constantFrom(...protocols)
      .chain((protocol) => valuesOf(groupOf(spec, "dependencies"), protocol).map((values) => ({ protocol, values }))),
    replicas: fc.integer({ min: 0, max: 4 }),
  })
  .map(({ ports, service, replicas }) => {
    const endpoints = Array.from({ length: replicas }, (_, replica) => 5000 + replica);
    return renderFile(
      file,
      documentOf(
        ports.map(({ protocol, values }, at) => portEntry(spec, 65301 + at, 8080 + at, values, protocol, 8080 + at)),
        [
          serviceEntry(spec, 65401, endpoints, service.values, service.protocol),
          serviceEntry(spec, 65402, [6000], {}, service.protocol, "other"),
        ],
        normal,
      ),
    );
  });

test("whatever values the platform takes give a configuration that HAProxy takes without a warning", async (context) => {
  const gateway = await startGateway(context, "traffic-gateway");
  mkdirSync(join(gateway.folder, "tried"));
  const texts = fc.sample(text, 60);
  for (const [at, each] of texts.entries()) writeFileSync(join(gateway.folder, "tried", `${at}.cfg`), each);
  const { output } = await gateway.run(
    "sh",
    "-c",
    "for file in /etc/gateway/tried/*.cfg; do haproxy -c -f $file 2>&1 | grep -v -e NOTICE -e 'file is valid'; done",
  );
  const [first = ""] = /\/tried\/(\d+)\.cfg/.exec(output)?.slice(1) ?? [];
  assert.equal(output, "", `${output.slice(0, 2000)}\n${texts[Number(first)] ?? ""}`);
});

test("the traffic gateway has the settings of both others", () => {
  const [ingress, egress] = [gatewaySpec("ingress-gateway"), gatewaySpec("egress-gateway")];
  assert.deepEqual(groupOf(spec, "ports"), groupOf(ingress, "ports"));
  assert.deepEqual(groupOf(spec, "dependencies"), groupOf(egress, "dependencies"));
  assert.deepEqual(gatewayFile(ingress), file);
  assert.deepEqual(gatewayFile(egress), file);
});

test("gateways that stand in one pod have ports of their own", () => {
  const specs = (["ingress-gateway", "egress-gateway", "traffic-gateway"] as const).map(gatewaySpec);
  assert.equal(new Set(specs.map(({ pod }) => pod.metrics)).size, 3);
  for (const { config, pod } of specs) {
    assert.equal(config[0]?.items.find(({ name }) => name === "METRICS_PORT")?.default, pod.metrics);
    assert.equal(pod.readiness?.httpGet?.port, pod.metrics);
  }
});

const poison = [
  "",
  "\n  user root insecure-password x",
  "x\nglobal",
  "x\r\nglobal",
  "'; chroot /",
  "x' y",
  'x" y',
  "a\\",
  "%[env(PATH)]",
  "$HOME",
  "# x",
  "x # y",
  "-f /etc/passwd",
  "10.0.0.0/8 -f /etc/passwd",
  "10.0.0.0/33",
  "256.1.1.1",
  "0=80, 1=20",
  "0=101",
  "api=80,1=20 }",
  "x=1 -> api || TRUE",
  "X-A: b\n",
  "X-A: %[src]",
  "X-A: b' if TRUE #",
  "X A: b",
  "a:b 'c:d",
];

test("settings that could say more than they should are refused", () => {
  for (const group of [groupOf(spec, "ports"), groupOf(spec, "dependencies")]) {
    for (const item of group.items.filter(({ type }) => type === "string" || type === "secret")) {
      assert.ok(item.pattern !== undefined, `${item.name} has no pattern`);
      for (const value of poison) {
        if (item.name === "BASIC_AUTH" && value === "a:b 'c:d") continue;
        assert.equal(problemsOf(group, "http", { [item.name]: value }).length, 1, `${item.name} takes ${JSON.stringify(value)}`);
      }
    }
  }
  assert.equal(problemsOf(groupOf(spec, "ports"), "http", { BASIC_AUTH: "a:b c':d" }).length, 1);
});

// Texts with `${...}` are known only when the pod is composed, and pass no pattern.
test("a text that no pattern saw adds no word to the configuration", () => {
  const evil = "x'\n  http-request deny # %[env(PATH)]";
  const port = portEntry(spec, 65301, 8080);
  const service = serviceEntry(spec, 65401, [5000]);
  const options = (group: string): Record<string, string> =>
    Object.fromEntries(groupOf(spec, group).items.map(({ name }) => [name, name === "FORWARDED_FOR" ? "false" : evil]));
  const rendered = renderFile(
    file,
    documentOf([{ ...port, options: options("ports") }], [{ ...service, options: options("dependencies") }], {
      METRICS_PORT: evil,
      ACCESS_LOG: evil,
    }),
  );
  const bare = rendered.replaceAll(/'[^'\n]*'/g, "''");
  assert.doesNotMatch(bare, /env\(PATH\)|^ *http-request deny #/m);
  assert.doesNotMatch(rendered, /set-header .*[^%]%\[/);
});
