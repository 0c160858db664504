import type { DriverKind } from "./driver-kind.ts";

export const authzKind: DriverKind = {
  description: "Refuses privileged containers.",
  interface: "docker.authz/1.0",
  key: "authz",
  lines: [],
  items: ['{ name: MESSAGE, default: "privileged containers are not allowed", description: What its user reads }'],
  exported: "refusePrivileged",
  call: 'refusePrivileged(process.env["MESSAGE"] ?? "privileged containers are not allowed")',
  driver: `import { type AuthzPlugin, allow, deny } from "@outrigger/sdk/driver";

interface CreateBody {
  readonly HostConfig?: { readonly Privileged?: boolean } | null;
}

/** Whatever it throws refuses the request. */
export function refusePrivileged(message: string): AuthzPlugin {
  return {
    request({ method, uri, body, user }, { log }) {
      if (method !== "POST" || !/^(\\/v[\\d.]+)?\\/containers\\/create($|\\?)/.test(uri)) return allow;
      // Engines before 29.3.1 show no body of more than 4 MiB, so one that is missing can't be allowed.
      if (body === undefined) return deny("the request could not be read");
      const { HostConfig } = JSON.parse(body.toString("utf8")) as CreateBody;
      if (HostConfig?.Privileged !== true) return allow;
      log.info("refused", { user });
      return deny(message);
    },
  };
}
`,
  test: `import assert from "node:assert/strict";
import { test } from "node:test";
import { testDriver } from "@outrigger/sdk/driver/test-kit";
import { refusePrivileged } from "./driver.ts";

test("a privileged container is refused, others are not", async () => {
  const engine = await testDriver({ authz: refusePrivileged("not here") });
  const ask = async (body?: object) => {
    const RequestBody = body && Buffer.from(JSON.stringify(body)).toString("base64");
    const request = { RequestMethod: "POST", RequestUri: "/v1.41/containers/create?name=a", RequestBody };
    return (await engine.call("AuthZPlugin.AuthZReq", request)).answer;
  };
  assert.deepEqual(await ask({ HostConfig: { Privileged: true } }), { Allow: false, Msg: "not here" });
  assert.deepEqual(await ask({ HostConfig: null }), { Allow: true });
  assert.equal((await ask())["Allow"], false);
});
`,
  tryIt: [
    '(add "authorization-plugins": ["NAME"] to the engine\'s daemon.json and let it read that)',
    "docker run --rm --privileged debian:bookworm-slim true",
  ],
};
