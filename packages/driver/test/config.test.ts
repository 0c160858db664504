import assert from "node:assert/strict";
import { test } from "node:test";
import { formatProblem, isDriverPlugin, type PluginManifest, readPluginManifest } from "@outrigger/plugin";
import fc from "fast-check";
import { type ConfigFile, configOfManifest, goJson, type PluginConfig, readConfig, writeConfig } from "../src/index.ts";

function read(text: string): ConfigFile {
  const reading = readConfig(text, "config.json");
  assert.ok(reading.ok, JSON.stringify(reading));
  return reading.value;
}

function problems(text: string): readonly string[] {
  const reading = readConfig(text, "config.json");
  return reading.ok ? reading.value.warnings.map(formatProblem) : reading.problems.map(formatProblem);
}

const empty = `{"Args":{"Description":"","Name":"","Settable":null,"Value":null},"Description":"","Documentation":"","Entrypoint":null,"Env":null,"Interface":{"Socket":"","Types":null},"IpcHost":false,"Linux":{"AllowAllDevices":false,"Capabilities":null,"Devices":null},"Mounts":null,"Network":{"Type":""},"PidHost":false,"PropagatedMount":"","User":{},"WorkDir":""}\n`;

test("an empty configuration becomes what an engine writes for it", () => {
  assert.equal(String(Buffer.from(writeConfig(read("{}").config))), empty);
  assert.equal(String(Buffer.from(writeConfig(read('{"args":null,"interface":null,"env":null,"description":null}').config))), empty);
});

test("keys are read without case, also in letters that merely fold to ASCII", () => {
  const { config, warnings } = read(
    '{"propagatedmount":"/data","INTERFACE":{"types":["docker.volumedriver/1.0"],"Socket":"a.sock"},"wor\u212adir":"/w"}',
  );
  assert.deepEqual(warnings, []);
  assert.equal(config.PropagatedMount, "/data");
  assert.deepEqual(config.Interface, { Socket: "a.sock", Types: ["docker.volumedriver/1.0"] });
  assert.equal(config.WorkDir, "/w");
});

test("a key that stands twice in different case is an error at its place, not the last that wins", () => {
  assert.deepEqual(problems('{\n  "network": {"type": "host"},\n  "Network": {"type": ""}\n}'), [
    'config.json:3:14: Network: "Network" and "network" are one key for an engine: it reads keys without case.\n    Remove one of the two.',
  ]);
});

test("unknown keys are warnings with a place and the nearest known one", () => {
  const { config, warnings } = read('{\n\t"entrypoint": ["/a"],\n\t"interface": {\n\t\t"sokcet": "a.sock"\n\t}\n}');
  assert.deepEqual(config.Entrypoint, ["/a"]);
  assert.equal(warnings.length, 1);
  assert.match(formatProblem(warnings[0] ?? assert.fail()), /^config.json:4:3: interface.sokcet: .*drops it.*\n.*Did you mean "Socket"/);
});

test("wrong types, broken JSON and what is merely YAML are errors", () => {
  assert.deepEqual(
    problems('{"entrypoint": "/a", "env": [{"name": 1}], "user": {"uid": -1}, "pidhost": "yes"}').map((each) => each.replace(/^.*?: /, "")),
    [
      'entrypoint: Expected a list, found "/a".',
      "env[0].name: Expected a text, found 1.",
      "user.uid: Expected a whole number from 0 to 4294967295, found -1.",
      'pidhost: Expected true or false, found "yes".',
    ],
  );
  assert.match(problems('{"a": 1,}')[0] ?? "", /^config.json:1:9: This is not JSON/);
  assert.match(problems("entrypoint: [a]")[0] ?? "", /not JSON/);
  assert.match(problems('{"a": 1')[0] ?? "", /not JSON/);
  assert.match(problems("[]")[0] ?? "", /Expected an object, found \[\]/);
  assert.match(problems('{"entrypoint":["a"]} {}')[0] ?? "", /not JSON/);
});

test("a problem about Docker's spelling is placed where the author wrote it", () => {
  const { place } = read('{\n  "linux": {\n    "capabilities": ["CAP_X"]\n  }\n}');
  const problem = place({ path: ["Linux", "Capabilities", 0], code: "wrong-value", message: "no" });
  assert.deepEqual([problem.line, problem.column, problem.path], [3, 22, "linux.capabilities[0]"]);
});

const text = fc.string({ unit: "binary" });
const list = fc.option(fc.array(text, { maxLength: 3 }), { nil: null });
const config: fc.Arbitrary<PluginConfig> = fc.record({
  Args: fc.record({ Name: text, Description: text, Settable: list, Value: list }),
  Description: text,
  Documentation: text,
  Entrypoint: list,
  Env: fc.option(fc.array(fc.record({ Name: text, Description: text, Settable: list, Value: fc.option(text, { nil: null }) })), {
    nil: null,
  }),
  Interface: fc.record({ Types: list, Socket: text }),
  IpcHost: fc.boolean(),
  Linux: fc.record({
    Capabilities: list,
    AllowAllDevices: fc.boolean(),
    Devices: fc.option(fc.array(fc.record({ Name: text, Description: text, Settable: list, Path: fc.option(text, { nil: null }) })), {
      nil: null,
    }),
  }),
  Mounts: fc.constant(null),
  Network: fc.record({ Type: text }),
  PidHost: fc.boolean(),
  PropagatedMount: text,
  User: fc.constantFrom({}, { UID: 7 }, { UID: 7, GID: 8 }),
  WorkDir: text,
});

test("what was written is read again as it was, and written again with the same bytes", () => {
  fc.assert(
    fc.property(config, (value) => {
      const bytes = writeConfig(value);
      const { config: again, warnings } = read(Buffer.from(bytes).toString());
      assert.deepEqual(warnings, []);
      assert.deepEqual(writeConfig(again), bytes);
    }),
  );
});

test("JSON has Go's escapes", () => {
  assert.equal(goJson({ a: "<b> & \u2028\u2029 \ud800 \u0001\n" }), '{"a":"\\u003cb\\u003e \\u0026 \\u2028\\u2029 \ufffd \\u0001\\n"}');
});

const manifest = `apiVersion: outrigger.dev/v1
kind: Plugin
metadata: { name: dir-volume, version: 1.0.0, description: Directories }
spec:
  layer: driver
  driver:
    interfaces: [docker.volumedriver/1.0]
    source: { rootfs: ./rootfs }
    entrypoint: [/driver]
    capabilities: [CAP_SYS_ADMIN]
    network: host
    propagatedMount: /data
    mounts: [{ name: state, destination: /state, settable: true }, { name: scratch, type: tmpfs, destination: /tmp, source: tmpfs }]
    devices: [{ name: fuse, path: /dev/fuse }]
    args: { value: [--loud], settable: true }
  config:
    - group: storage
      items:
        - { name: ROOT, default: /data, description: Where }
        - { name: SIZE, type: integer, default: 10, editable: false }
        - { name: KINDS, type: multiple, options: [a, b], default: [a, b] }
        - { name: TOKEN, type: secret }
`;

function manifestOf(text: string): PluginManifest {
  const reading = readPluginManifest(text, "plugin.yaml");
  assert.ok(reading.ok, JSON.stringify(reading));
  return reading.value.value;
}

test("plugin.yaml becomes config.json: settings are variables, secrets have no value, the manifest stands at the end", () => {
  const plugin = manifestOf(manifest);
  assert.ok(isDriverPlugin(plugin));
  const made = configOfManifest(plugin);
  const { Outrigger, ...rest } = JSON.parse(Buffer.from(writeConfig(made)).toString()) as PluginConfig;
  assert.deepEqual(Outrigger, JSON.parse(JSON.stringify(plugin)));
  assert.deepEqual(rest, {
    Args: { Description: "", Name: "args", Settable: ["value"], Value: ["--loud"] },
    Description: "Directories",
    Documentation: "",
    Entrypoint: ["/driver"],
    Env: [
      { Description: "Where", Name: "ROOT", Settable: ["value"], Value: "/data" },
      { Description: "", Name: "SIZE", Settable: null, Value: "10" },
      { Description: "", Name: "KINDS", Settable: ["value"], Value: "a,b" },
      { Description: "", Name: "TOKEN", Settable: ["value"], Value: null },
    ],
    Interface: { Socket: "dir-volume.sock", Types: ["docker.volumedriver/1.0"] },
    IpcHost: false,
    Linux: {
      AllowAllDevices: false,
      Capabilities: ["CAP_SYS_ADMIN"],
      Devices: [{ Description: "", Name: "fuse", Path: "/dev/fuse", Settable: null }],
    },
    Mounts: [
      { Description: "", Destination: "/state", Name: "state", Options: ["rbind"], Settable: ["source"], Source: null, Type: "bind" },
      { Description: "", Destination: "/tmp", Name: "scratch", Options: null, Settable: null, Source: "tmpfs", Type: "tmpfs" },
    ],
    Network: { Type: "host" },
    PidHost: false,
    PropagatedMount: "/data",
    User: {},
    WorkDir: "",
  });
});

test("an image's entry point, folder and variables count where plugin.yaml says nothing", () => {
  const image = {
    entrypoint: ["/from-image", "x"],
    env: ["PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "A=1=2", "ROOT=/no"],
    workdir: "/w",
  };
  const plugin = manifestOf(manifest.replace("rootfs: ./rootfs", "image: a/b:1").replace("    entrypoint: [/driver]\n", ""));
  assert.ok(isDriverPlugin(plugin));
  const made = configOfManifest(plugin, image);
  assert.deepEqual(made.Entrypoint, ["/from-image", "x"]);
  assert.equal(made.WorkDir, "/w");
  assert.deepEqual(made.Env?.slice(0, 2), [
    { Name: "A", Description: "", Settable: null, Value: "1=2" },
    { Name: "ROOT", Description: "Where", Settable: ["value"], Value: "/data" },
  ]);
  assert.deepEqual(
    configOfManifest({ ...plugin, spec: { ...plugin.spec, driver: { ...plugin.spec.driver, entrypoint: ["/mine"] } } }, image).Entrypoint,
    ["/mine"],
  );
});

test("what a driver's plugin.yaml can't be is told at its place", () => {
  const wrong = (from: string, to: string): string => {
    const reading = readPluginManifest(manifest.replace(from, to), "plugin.yaml");
    return reading.ok ? "no mistake" : reading.problems.map(formatProblem).join("\n");
  };
  assert.match(wrong("dir-volume", "a-driver-with-a-long-name"), /spec.driver: .*30 bytes.*22/);
  assert.match(wrong("network: host", "network: host\n    socket: a/b.sock"), /driver.socket: .*without folders/);
  assert.match(wrong("docker.volumedriver/1.0", "volumedriver"), /docker.volumedriver\/1.0/);
  assert.match(wrong("{ rootfs: ./rootfs }", "{ rootfs: ./rootfs, image: a }"), /rootfs and image both/);
  assert.match(wrong("{ rootfs: ./rootfs }", "{ rootfs: ../rootfs }"), /own folder/);
  assert.match(wrong("{ rootfs: ./rootfs }", "{ entry: main.ts }"), /Node runtime/);
  assert.match(wrong("    entrypoint: [/driver]\n", ""), /does not say which program/);
  assert.match(wrong("name: ROOT", "name: ROOT.DIR"), /dot for a field/);
  assert.match(wrong("name: ROOT", "name: fuse"), /"fuse" stands among the settings too/);
  assert.match(wrong("name: state", "name: args"), /"args" stands among the mounts too/);
  assert.match(wrong("group: storage", "group: storage\n      inject: discovery"), /variables when it starts/);
  assert.match(wrong("CAP_SYS_ADMIN", "SYS_ADMIN"), /CAP_NET_ADMIN/);
});
