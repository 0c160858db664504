import assert from "node:assert/strict";
import { test } from "node:test";
import { type ConfigGroup, type ConfigItem, formatPath, isOutriggerError } from "@outrigger/plugin";
import fc from "fast-check";
import { splitAssignment, type ValueOptions } from "../src/installing/value-options.ts";
import { findPlace, readValues, setIn } from "../src/installing/values.ts";
import { parsePath } from "../src/project/place-problems.ts";
import { folderWith } from "./run-outrigger.ts";

function item(name: string, fields: Partial<ConfigItem> = {}): ConfigItem {
  return { name, type: "string", required: false, editable: true, ...fields };
}

const config: readonly ConfigGroup[] = [
  {
    group: "sink",
    dependsOn: "none",
    inject: "env",
    items: [
      item("HOST"),
      item("a.dotted.name"),
      item("TAGS", { type: "multiple", options: ["pod", "node"] }),
      item("ON", { type: "boolean" }),
      item("TOKEN", { type: "secret" }),
    ],
  },
  { group: "limits", dependsOn: "port", inject: "discovery", items: [item("RATE", { type: "integer" })] },
  { group: "routes", dependsOn: "downstream-port", inject: "discovery", items: [item("WEIGHT", { type: "integer" })] },
];

function read(options: Partial<ValueOptions>, ask = async (what: string): Promise<string> => `typed for ${what}`): Promise<unknown> {
  return readValues("shipper", config, { team: "default", dataDir: "/nonexistent", output: "table", ...options }, ask);
}

test("texts become values of their item's type, at none, port and downstream port", async () => {
  const set = [
    "sink.HOST=a=b",
    "sink.a.dotted.name=x",
    "sink.TAGS=pod,node",
    "sink.ON=true",
    "limits.8080.RATE=5",
    "routes.api:5000.WEIGHT=7",
  ];
  assert.deepEqual(await read({ set, unset: ["limits.9090.RATE"] }), {
    sink: { HOST: "a=b", "a.dotted.name": "x", TAGS: ["pod", "node"], ON: true },
    limits: { "8080": { RATE: 5 }, "9090": { RATE: null } },
    routes: { "api:5000": { WEIGHT: 7 } },
  });
});

test("what does not fit a type is left as text for the server to refuse", async () => {
  assert.deepEqual(await read({ set: ["limits.1.RATE=many", "sink.ON=yes"] }), { limits: { "1": { RATE: "many" } }, sink: { ON: "yes" } });
});

test("every wrong place is told at once, with the nearest right one; a secret is no argument", async () => {
  await assert.rejects(read({ set: ["snik.HOST=a", "sink.HOTS=b", "sink.TOKEN=hush", "limits.RATE=3"] }), (error) => {
    assert.ok(isOutriggerError(error));
    assert.equal(error.code, "values-invalid");
    assert.deepEqual(
      error.problems.map(({ code, hint }) => [code, hint]),
      [
        ["unknown-key", 'Did you mean "sink"?'],
        ["unknown-key", 'Did you mean "sink.HOST"?'],
        ["wrong-value", "Write --secret sink.TOKEN and type it, or pipe it in."],
        ["unknown-key", "Known: limits.PORT.RATE."],
      ],
    );
    assert.doesNotMatch(JSON.stringify(error), /hush/);
    return true;
  });
});

test("a file's values come first, its secrets from where it says; options win", async () => {
  using folder = folderWith({
    "values.yaml": "sink:\n  HOST: file\n  ON: false\n  TOKEN: { fromFile: ./token }\n",
    token: "from a file\n",
  });
  assert.deepEqual(await read({ file: `${folder.path}/values.yaml`, set: ["sink.HOST=option"] }), {
    sink: { ON: false, TOKEN: "from a file", HOST: "option" },
  });
  assert.deepEqual(await read({ secret: ["sink.TOKEN"] }), { sink: { TOKEN: "typed for sink.TOKEN" } });
});

test("a secret's file that is not there is placed in the values' file", async () => {
  using folder = folderWith({ "values.yaml": "sink:\n  TOKEN: { fromFile: ./none }\n" });
  await assert.rejects(read({ file: `${folder.path}/values.yaml` }), (error) => {
    assert.ok(isOutriggerError(error));
    assert.deepEqual([error.problems[0]?.line, error.problems[0]?.path], [2, "sink.TOKEN"]);
    return true;
  });
});

test("setIn sets one value and keeps all others, whatever the keys", () => {
  const key = fc.oneof(fc.string(), fc.constantFrom("__proto__", "constructor", "toString"));
  fc.assert(
    fc.property(fc.array(key, { minLength: 1, maxLength: 4 }), key, fc.integer(), (keys, other, value) => {
      const before = Object.fromEntries([[other, "kept"]]);
      const after = setIn(before, keys, value);
      let at: unknown = after;
      for (const each of keys) at = Object.getOwnPropertyDescriptor(at, each)?.value;
      assert.equal(at, value);
      if (other !== keys[0]) assert.equal(Object.getOwnPropertyDescriptor(after, other)?.value, "kept");
      assert.equal(({} as Record<string, unknown>)["kept"], undefined);
    }),
  );
});

test("a path in words is read back to the way it names", () => {
  const key = fc.oneof(fc.string({ minLength: 1 }), fc.nat());
  fc.assert(
    fc.property(fc.array(key), (way) => {
      // A leading or lone number is no path of a document.
      const path = ["spec", ...way];
      assert.deepEqual(parsePath(formatPath(path)), path);
    }),
  );
});

test("any text either names a place or is a problem", () => {
  fc.assert(
    fc.property(fc.string(), (text) => {
      const place = findPlace(config, text);
      assert.ok("message" in place || place.keys.length >= 2);
    }),
  );
});

test("an assignment needs a name and an equals sign", () => {
  assert.deepEqual(splitAssignment("a.b=", "install"), { place: "a.b", text: "" });
  for (const wrong of ["a.b", "=x", ""]) assert.throws(() => splitAssignment(wrong, "install"), /expected group\.item=value/);
});
