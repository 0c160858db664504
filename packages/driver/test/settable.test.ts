import assert from "node:assert/strict";
import { test } from "node:test";
import { applySettings, mergeSettings, missingSettings, nothingSet, settableNames, settingsOf, withoutSecrets } from "@outrigger/driver";
import fc from "fast-check";
import { pluginConfig } from "./support/plugin-config.ts";

const env = (Name: string, Value: string | null, ...Settable: string[]) => ({ Name, Description: "", Settable, Value });
const config = pluginConfig({
  Env: [
    env("DEBUG", "0", "value"),
    env("FIXED", "1"),
    env("UNSET", null, "value"),
    env("A.B", "x", "value"),
    env("TWO", "", "value", "name"),
  ],
  Mounts: [{ Name: "src", Description: "", Settable: ["source"], Source: "/a", Destination: "/b", Type: "bind", Options: ["rbind"] }],
  Linux: { Capabilities: null, AllowAllDevices: false, Devices: [{ Name: "dev", Description: "", Settable: ["path"], Path: "/dev/null" }] },
  Args: { Name: "args", Description: "", Settable: ["value"], Value: ["-v"] },
});

test("without anything set a plug-in runs with its configuration's values; null is left away", () => {
  const { Env, Args, Devices, Mounts } = settingsOf(config);
  assert.deepEqual(Env, ["DEBUG=0", "FIXED=1", "A.B=x", "TWO="]);
  assert.deepEqual([Args, Devices[0]?.Path, Mounts[0]?.Source], [["-v"], "/dev/null", "/a"]);
});

test("each kind is set by its field, named or not; arguments are split at single spaces", () => {
  const set = applySettings(config, nothingSet, ["DEBUG=1=2", "UNSET", "src.source=/x", "dev=/dev/zero", "args=a  b"]);
  const { Env, Args, Devices, Mounts } = settingsOf(config, set);
  assert.deepEqual(Env, ["DEBUG=1=2", "FIXED=1", "UNSET=", "A.B=x", "TWO="]);
  assert.deepEqual([Args, Devices[0]?.Path, Mounts[0]?.Source], [["a", "", "b"], "/dev/zero", "/x"]);
  assert.equal(config.Mounts?.[0]?.Source, "/a", "the configuration itself stays as it is");
});

test("what can't be set is refused, each with its own reason", () => {
  const cases = {
    "=x": "setting-invalid",
    "DEBUG.=1": "setting-invalid",
    "FIXED=2": "setting-fixed",
    "src.destination=/x": "setting-fixed",
    "NOPE=1": "setting-unknown",
    "__proto__=1": "setting-unknown",
    "A.B=1": "setting-unknown", // the last dot parts name and field
    "TWO=1": "setting-refused",
    "DEBUG=a\0b": "setting-refused",
  };
  for (const [arg, code] of Object.entries(cases)) assert.throws(() => applySettings(config, nothingSet, [arg]), { code }, arg);
  assert.deepEqual(settingsOf(config, applySettings(config, nothingSet, ["A.B.value=1", "TWO.value=2"])).Env.slice(-2), ["A.B=1", "TWO=2"]);
});

test("a batch is set whole or not at all (engines keep the first half)", () => {
  const before = applySettings(config, nothingSet, ["DEBUG=1"]);
  const copy = structuredClone(before);
  assert.throws(() => applySettings(config, before, ["DEBUG=2", "NOPE=1"]), { code: "setting-unknown" });
  assert.deepEqual(before, copy);
});

test("the first of several things with one name is set: variables before mounts", () => {
  const both = pluginConfig({ Env: [env("x", "0")], Mounts: [{ ...config.Mounts?.[0], Name: "x" } as never] });
  assert.throws(() => applySettings(both, nothingSet, ["x=1"]), { code: "setting-fixed" });
  assert.deepEqual(settableNames(config), ["DEBUG", "UNSET", "A.B", "TWO", "src", "dev", "args"]);
});

test("whatever is given, it is set or refused, and settings have one value for each variable", () => {
  const arg = fc.oneof(
    fc.string(),
    fc.tuple(fc.constantFrom("DEBUG", "src", "args", "dev.path"), fc.string()).map(([name, text]) => `${name}=${text}`),
  );
  fc.assert(
    fc.property(fc.array(arg, { maxLength: 4 }), (args) => {
      try {
        const { Env } = settingsOf(config, applySettings(config, nothingSet, args));
        assert.equal(new Set(Env.map((text) => text.split("=")[0])).size, Env.length);
      } catch (error) {
        assert.match(String((error as { code?: string }).code), /^setting-/);
      }
    }),
  );
});

test("an upgrade keeps what a person has set, takes new defaults and drops what is gone", () => {
  const set = applySettings(config, nothingSet, ["DEBUG=1", "src=/mine", "args=-x"]);
  const next = pluginConfig({
    Env: [env("DEBUG", "7", "value"), env("NEW", "3", "value")],
    Mounts: [{ Name: "src", Description: "", Settable: null, Source: "/fixed", Destination: "/b", Type: "bind", Options: null }],
  });
  const merged = mergeSettings(next, set);
  assert.deepEqual(settingsOf(next, merged.set).Env, ["DEBUG=1", "NEW=3"]);
  assert.equal(settingsOf(next, merged.set).Mounts[0]?.Source, "/fixed");
  assert.deepEqual(
    merged.dropped.map(({ name }) => name),
    ["src", "args"],
  );
});

const typed = pluginConfig({
  Env: [env("LEVEL", "info", "value"), env("KEY", "", "value"), env("SIZE", "1", "value")],
  Outrigger: {
    spec: {
      config: [
        {
          group: "log",
          items: [
            { name: "LEVEL", type: "single", options: ["info", "debug"] },
            { name: "KEY", type: "secret", required: true },
            { name: "SIZE", type: "integer", min: 1, max: 9 },
          ],
        },
      ],
    },
  },
});

test("typed settings are checked by their types, secrets never shown, required ones asked for", () => {
  for (const wrong of ["LEVEL=loud", "SIZE=ten", "SIZE=10"])
    assert.throws(() => applySettings(typed, nothingSet, [wrong]), { code: "setting-refused" }, wrong);
  assert.deepEqual(missingSettings(typed, settingsOf(typed)), ["KEY"]);
  const settings = settingsOf(typed, applySettings(typed, nothingSet, ["LEVEL=debug", "SIZE=9", "KEY=hunter2"]));
  assert.deepEqual(missingSettings(typed, settings), []);
  assert.deepEqual(withoutSecrets(typed, settings).Env, ["LEVEL=debug", "KEY=********", "SIZE=9"]);
});

test("an upgrade under which a kept value is wrong is refused", () => {
  const set = applySettings(pluginConfig({ Env: [env("LEVEL", "info", "value")] }), nothingSet, ["LEVEL=loud"]);
  assert.throws(() => mergeSettings(typed, set), { code: "setting-refused" });
});
