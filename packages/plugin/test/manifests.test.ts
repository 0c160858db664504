import assert from "node:assert/strict";
import { test } from "node:test";
import { formatProblem, type Problem, readApplication, readManifest, readPluginManifest } from "@outrigger/plugin";

const minimal = `apiVersion: outrigger.dev/v1
kind: Plugin
metadata: { name: log-collector, version: 1.0.0 }
spec:
  layer: pod
  pod:
    type: general
    source: { image: "example/log:1" }
`;

function problemsOf(text: string, file = "plugin.yaml"): readonly Problem[] {
  const reading = readManifest(text, file);
  assert.equal(reading.ok, false, "expected problems");
  return reading.ok ? [] : reading.problems;
}

test("a minimal plugin.yaml gets every default", () => {
  const reading = readPluginManifest(minimal, "plugin.yaml");
  assert.ok(reading.ok);
  const { spec } = reading.value.value;
  assert.equal(spec.layer, "pod");
  assert.ok(spec.layer === "pod");
  assert.deepEqual(spec.pod.mounts, { share: "all", readOnly: false });
  assert.deepEqual(spec.config, []);
  assert.equal(spec.pod.terminationGracePeriodSeconds, 10);
});

test("every layer has its body", () => {
  const bodies = {
    engine: "engine: { entry: ./hook.ts, hooks: [container.preCreate] }",
    driver: 'driver: { interfaces: ["docker.volumedriver/1.0"], source: { entry: ./main.ts } }',
    cluster: "cluster: { type: LIST_NODE, entry: ./list-nodes.ts, phases: [PostInstall] }",
  };
  for (const [layer, body] of Object.entries(bodies)) {
    const text = `apiVersion: outrigger.dev/v1\nkind: Plugin\nmetadata: { name: a, version: 1.0.0 }\nspec:\n  layer: ${layer}\n  ${body}\n`;
    const reading = readPluginManifest(text, "plugin.yaml");
    assert.ok(reading.ok, JSON.stringify(reading));
  }
});

test("all mistakes come at once, each at its place", () => {
  const found = problemsOf(`apiVersion: outrigger.dev/v1
kind: Plugin
metadata: { name: Log_Collector, version: 1.0.0, displayNmae: x }
spec:
  layer: pod
  pod:
    type: generl
    source: { image: a, dockerfile: { context: . } }
    comand: []
    resources: { memory: 64MiB, cpu: 50 }
  config:
    - group: sink
      dependsOn: port
      items:
        - { name: A, type: single }
        - { name: A, default: 3 }
`).map(({ line, column, code, path }) => `${line}:${column} ${code} ${path}`);
  assert.deepEqual(found, [
    "3:19 wrong-value metadata.name",
    "3:50 unknown-key metadata.displayNmae",
    "7:11 wrong-value spec.pod.type",
    "8:37 conflict spec.pod.source.dockerfile",
    "9:5 unknown-key spec.pod.comand",
    "10:26 wrong-value spec.pod.resources.memory",
    "10:38 wrong-type spec.pod.resources.cpu",
    "12:7 wrong-value spec.config[0].inject",
    "15:11 missing-key spec.config[0].items[0].options",
    "16:19 duplicate-name spec.config[0].items[1].name",
    "16:31 wrong-type spec.config[0].items[1].default",
  ]);
});

test("a misspelt key and a misspelt choice name the nearest right one", () => {
  const [key] = problemsOf(minimal.replace("source:", "sorce:"));
  assert.match(formatProblem(key as Problem), /plugin\.yaml:8:5: spec\.pod\.sorce: .*\n {4}Did you mean "source"\?/);
  const [layer] = problemsOf(minimal.replace("layer: pod", "layer: pods"));
  assert.equal(layer?.hint, 'Did you mean "pod"?');
});

test("duplicate keys, several documents, broken YAML, empty files and reserved keys are errors with a place", () => {
  const cases: readonly (readonly [string, string, number])[] = [
    [minimal.replace("kind: Plugin", "kind: Plugin\nkind: Plugin"), "duplicate-key", 3],
    [`${minimal}---\n${minimal}`, "several-documents", 9],
    ["a: [1, 2", "yaml-syntax", 1],
    ["", "yaml-syntax", 1],
    [minimal.replace("spec:", "spec:\n  __proto__: { layer: pod }"), "unknown-key", 5],
    ["kind: Plugins\n", "wrong-value", 1],
    ["a: &a [*a, *a]\n", "yaml-syntax", 1],
  ];
  for (const [text, code, line] of cases) {
    const [first] = problemsOf(text);
    assert.equal(first?.code, code, text);
    if (code !== "yaml-syntax") assert.equal(first?.line, line, text);
  }
});

test("YAML's own traps are caught: numbers and yes where a string or boolean is meant", () => {
  const text = `apiVersion: outrigger.dev/v1
kind: Application
metadata: { name: shop }
spec:
  components:
    - { name: web, image: x, env: { VERSION: 1.10, DEBUG: yes, ON: on } }
`;
  const [number] = problemsOf(text);
  assert.equal(number?.path, "spec.components[0].env.VERSION");
  assert.match(number?.hint ?? "", /Quote it/);
});

test("app.yaml: unknown dependencies, circles, twice published ports and double plug-ins are found together", () => {
  const found = problemsOf(`apiVersion: outrigger.dev/v1
kind: Application
metadata: { name: shop }
spec:
  components:
    - { name: web, image: x, dependsOn: [api, cache], ports: [{ port: 80, publish: 8080 }] }
    - { name: api, image: x, dependsOn: [web], ports: [{ port: 81, publish: 8080 }] }
    - { name: db, image: x, build: { context: . }, plugins: [{ plugin: a@1.0.0 }, { plugin: a@1.0.1 }] }
`).map(({ code, path }) => `${code} ${path}`);
  assert.deepEqual(found, [
    "cycle spec.components[0].dependsOn",
    "unknown-reference spec.components[0].dependsOn[1]",
    "conflict spec.components[1].ports[0].publish",
    "conflict spec.components[2].build",
    "duplicate-name spec.components[2].plugins[1].plugin",
  ]);
});

test("publish is loopback unless an address is given", () => {
  const text = (publish: string): string =>
    `apiVersion: outrigger.dev/v1\nkind: Application\nmetadata: { name: shop }\nspec:\n  components: [{ name: web, image: x, ports: [{ port: 80, publish: ${publish} }] }]\n`;
  const published = (publish: string): unknown => {
    const reading = readApplication(text(publish), "app.yaml");
    assert.ok(reading.ok);
    return reading.value.value.spec.components[0]?.ports[0]?.publish;
  };
  assert.deepEqual(published("8080"), { address: "127.0.0.1", port: 8080 });
  assert.deepEqual(published("{ address: 0.0.0.0, port: 8080 }"), { address: "0.0.0.0", port: 8080 });
  const [wrong] = problemsOf(text("99999"), "app.yaml");
  assert.equal(wrong?.path, "spec.components[0].ports[0].publish");
});
