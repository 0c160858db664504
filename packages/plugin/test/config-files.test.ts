import assert from "node:assert/strict";
import { test } from "node:test";
import { checkItemValue, fillTemplate, readPluginManifest, templateProblem } from "@outrigger/plugin";

function problems(pod: string, config = "[]", type = "general"): string[] {
  const text = `apiVersion: outrigger.dev/v1\nkind: Plugin\nmetadata: { name: p, version: 1.0.0 }\nspec:\n  layer: pod\n  pod: { type: ${type}, source: { image: x }, ${pod} }\n  config: ${config}\n`;
  const reading = readPluginManifest(text, "plugin.yaml");
  return reading.ok ? [] : reading.problems.map(({ path, message }) => `${path}: ${message}`);
}

const group = "[{ group: g, inject: discovery, file: /etc/p/a.conf, items: [{ name: A }] }]";

test("a kept file: its group, its directory, its template and how it is reloaded are checked", () => {
  const file = (rest: string): string => `files: [{ path: /etc/p/a.conf, ${rest} }]`;
  assert.deepEqual(problems(file("format: yaml, check: [x, '{}'], reload: { signal: SIGHUP }"), group), []);
  assert.match(problems(file("format: json"))[0] ?? "", /spec.pod.files\[0\].path: No group of settings names the file/);
  assert.match(problems(file("format: template"), group)[0] ?? "", /needs its template/);
  assert.match(problems(file("format: json, template: x"), group)[0] ?? "", /has the format template/);
  assert.match(problems(file("template: '{% for a in b %}'"), group)[0] ?? "", /files\[0\].template: tag .*for/);
  assert.match(problems(file("reload: {}"), group)[0] ?? "", /Nothing says how to reload/);
  assert.match(problems(file("reload: { signal: SIGHUP, exec: [x] }"), group)[0] ?? "", /both say how to reload/);
  assert.match(problems(file("reload: { signal: SIGKILL }"), group)[0] ?? "", /signal/);
  assert.match(problems("files: [{ path: /a.json }]", group)[0] ?? "", /stands in the root directory/);
  assert.match(
    problems("", "[{ group: g, inject: discovery, file: /a.json, items: [{ name: A }] }]")[0] ?? "",
    /config\[0\].file: .*root directory/,
  );
  assert.match(problems("", "[{ group: g, file: /etc/p/a, items: [{ name: A }] }]")[0] ?? "", /Only settings that discovery injects/);
});

test("a template can't reach files, prototypes or unknown filters", () => {
  assert.match(templateProblem("{{ a | nothing }}") ?? "", /undefined filter/);
  assert.equal(fillTemplate("{{ a.constructor }}{{ a.__proto__ }}|{{ a.b }}", { a: { b: 1 } }), "|1");
  assert.throws(() => fillTemplate("{% include '/etc/passwd' %}", {}));
  assert.throws(() => fillTemplate("{% for a in (1..100000000) %}x{% endfor %}", {}), /limit/);
});

test("a pattern counts for the whole text, and a secret's text is not repeated", () => {
  const item = { name: "A", type: "string", required: false, editable: true, pattern: "\\d+" } as const;
  assert.equal(checkItemValue(item, "12"), undefined);
  assert.match(checkItemValue(item, "12\nx")?.message ?? "", /does not match/);
  assert.ok(checkItemValue({ ...item, type: "secret" }, "${x}") !== undefined, "a secret is no text with references");
  const secret = checkItemValue({ ...item, type: "secret" }, "hunter2");
  assert.ok(secret !== undefined && !JSON.stringify(secret).includes("hunter2"));
  assert.match(problems("", "[{ group: g, items: [{ name: A, pattern: '(' }] }]")[0] ?? "", /no regular expression/);
  assert.match(problems("", "[{ group: g, items: [{ name: A, type: integer, pattern: x }] }]")[0] ?? "", /Only a string or a secret/);
});

test("exports name the plug-in's own volumes; an egress plug-in runs as a user of its own", () => {
  assert.match(problems("exports: { mounts: [{ volume: v, path: /v }] }")[0] ?? "", /none of the plug-in's own volumes/);
  assert.match(problems("", "[]", "egress")[0] ?? "", /securityContext.runAsUser: A plug-in of the type egress runs as a user of its own/);
  assert.deepEqual(problems("securityContext: { runAsUser: 7 }", "[]", "egress"), []);
});
