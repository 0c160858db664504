import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { judgeContainer, judgeNetworkBody, judgeUpdate, judgeVolumeBody } from "../judge/container.ts";
import { hostConfigShape } from "../judge/known-fields.ts";
import { baseline } from "../rules/baseline.ts";

const resolve = (path: string): string => path;
const keys = Object.keys(hostConfigShape.known);
const anyHost = fc.dictionary(fc.constantFrom(...keys), fc.jsonValue(), { maxKeys: 5 });

test("whatever a body holds, it is judged: a violation or none, never an exception", () => {
  fc.assert(
    fc.property(anyHost, fc.jsonValue(), (host, other) => {
      judgeContainer(baseline, { HostConfig: host, NetworkingConfig: other }, { door: "create" }, resolve);
      judgeContainer(baseline, { HostConfig: other, Labels: other, User: other }, { door: "service" }, resolve);
      judgeUpdate(baseline, host, resolve);
      judgeVolumeBody(baseline, { DriverOpts: other, Name: "v" }, resolve);
      judgeNetworkBody(baseline, { Options: other, Driver: host["Runtime"] });
    }),
  );
});

test("what is forbidden stays forbidden whatever harmless or harmful stands beside it", () => {
  const forbidden = fc.constantFrom<Readonly<Record<string, unknown>>>(
    { Privileged: true },
    { Binds: ["/:/x"] },
    { CapAdd: ["SYS_ADMIN"] },
    { PidMode: "host" },
    { MaskedPaths: [] },
    { Devices: [{ PathOnHost: "/dev/sda" }] },
  );
  fc.assert(
    fc.property(forbidden, anyHost, (host, beside) => {
      assert.notEqual(judgeContainer(baseline, { HostConfig: { ...beside, ...host } }, { door: "create" }, resolve), undefined);
    }),
  );
});
