import assert from "node:assert/strict";
import { test } from "node:test";
import { type ConfigGroup, type ConfigItem, checkValues, type ValueScope, valueFromText } from "@outrigger/plugin";

function item(fields: Partial<ConfigItem> & { readonly name: string }): ConfigItem {
  return { type: "string", required: false, editable: true, ...fields };
}

const none: ValueScope = { ports: [], downstream: [] };

const sink: ConfigGroup = {
  group: "sink",
  dependsOn: "none",
  inject: "env",
  items: [
    item({ name: "HOST", required: true }),
    item({ name: "FORMAT", type: "single", options: ["json", "text"], default: "json" }),
    item({ name: "TAGS", type: "multiple", options: ["pod", "node"] }),
    item({ name: "RATE", type: "integer", min: 1, max: 9 }),
    item({ name: "FIXED", default: "a", editable: false }),
    item({ name: "TOKEN", type: "secret" }),
    item({ name: "ON", type: "boolean" }),
    item({ name: "constructor" }),
  ],
};

function codes(
  values: Record<string, Record<string, unknown>>,
  config: readonly ConfigGroup[] = [sink],
  scope: ValueScope = none,
): string[] {
  return checkValues(config, values as never, scope).map(({ code, path }) => `${code} ${path.join(".")}`);
}

test("good values have no problems", () => {
  assert.deepEqual(codes({ sink: { HOST: "a", FORMAT: "text", TAGS: ["pod"], RATE: 9, ON: false, TOKEN: "x", constructor: "y" } }), []);
});

test("type, options, range, required, editable and unknown names are checked together", () => {
  assert.deepEqual(codes({ sink: { FORMAT: "xml", TAGS: ["pod", "ip"], RATE: 10, FIXED: "b", ON: "yes", HSOT: "x" }, snik: {} }), [
    "unknown-key snik",
    "unknown-key sink.HSOT",
    "value-required sink.HOST",
    "wrong-value sink.FORMAT",
    "wrong-value sink.TAGS",
    "out-of-range sink.RATE",
    "value-not-editable sink.FIXED",
    "wrong-type sink.ON",
  ]);
});

test("an item called like something every object inherits is absent until it is set", () => {
  assert.deepEqual(codes({ sink: { HOST: "a" } }), []);
});

test("a secret's own text never stands in a problem", () => {
  const text = JSON.stringify(checkValues([sink], { sink: { HOST: "a", TOKEN: 123456789 } }, none));
  assert.match(text, /wrong-type/);
  assert.doesNotMatch(text, /123456789/);
});

test("only a secret may come from a variable or a file", () => {
  assert.deepEqual(codes({ sink: { HOST: { fromEnv: "X" }, TOKEN: { fromEnv: "X" } } }), ["wrong-type sink.HOST"]);
});

const limits: ConfigGroup = {
  group: "limits",
  dependsOn: "port",
  inject: "discovery",
  items: [item({ name: "RATE", type: "integer", protocol: ["http", "grpc"] }), item({ name: "CONNECTIONS", type: "integer" })],
};

test("port groups are checked for each port and its protocol", () => {
  const scope: ValueScope = {
    ports: [
      { port: 80, protocol: "http" },
      { port: 5432, protocol: "tcp" },
    ],
    downstream: [],
  };
  assert.deepEqual(codes({ limits: { 80: { RATE: 1 }, 5432: { CONNECTIONS: 2 } } }, [limits], scope), []);
  assert.deepEqual(codes({ limits: { 5432: { RATE: 1 }, 81: { RATE: 1 } } }, [limits], scope), [
    "unknown-key limits.81",
    "protocol-mismatch limits.5432.RATE",
  ]);
  assert.deepEqual(codes({}, [limits], none), ["conflict limits"]);
  const onlyHttp: ConfigGroup = { ...limits, items: limits.items.slice(0, 1) };
  assert.deepEqual(codes({}, [onlyHttp], { ports: [{ port: 1, protocol: "tcp" }], downstream: [] }), ["protocol-mismatch limits"]);
});

test("text from a command line becomes a value of the item's type", () => {
  assert.deepEqual(valueFromText(item({ name: "a", type: "multiple" }), "x,y"), ["x", "y"]);
  assert.equal(valueFromText(item({ name: "a", type: "integer" }), "-5"), -5);
  assert.equal(valueFromText(item({ name: "a", type: "integer" }), "5x"), "5x");
  assert.equal(valueFromText(item({ name: "a", type: "boolean" }), "false"), false);
  assert.equal(valueFromText(item({ name: "a" }), "true"), "true");
});
