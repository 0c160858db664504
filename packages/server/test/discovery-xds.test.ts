import assert from "node:assert/strict";
import { test } from "node:test";
import { status } from "@grpc/grpc-js";
import type { InstallationResource } from "../src/api/resources.ts";
import { network, setUp } from "./support/discovery-setting.ts";
import { until } from "./support/server.ts";
import { openStream, type TestStream, types, url } from "./support/xds-stream.ts";

test("xDS serves the same settings to who has the token, follows them, and tells who has which", async (context) => {
  const group = { group: "calls", dependsOn: "port", inject: "discovery", items: [{ name: "RATE", type: "integer", default: 1 }] };
  const { server, token, xds } = await setUp(context, group, undefined);
  const key = { team: "default", application: "shop", component: "web" };
  server.engine.tell(key, "ready", { ip: "127.0.0.1" });
  const streams: TestStream[] = [];
  context.after(() => {
    for (const each of streams) each.close();
  });
  const ask = (node: string, bearer: string): TestStream => {
    const stream = openStream(xds, { host: network.gateway, token: bearer });
    streams.push(stream);
    stream.send({ node: { id: node }, type_url: url("cluster") });
    return stream;
  };
  assert.equal((await ask("default.shop_side_web", "wrong").ended).code, status.UNAUTHENTICATED);
  assert.equal((await ask("default.other_side_web", token).ended).code, status.PERMISSION_DENIED);
  assert.equal((await ask("nonsense", token).ended).code, status.NOT_FOUND);
  const stream = ask("default.shop_side_web~shop-web", token);
  assert.equal((await stream.next()).type, types.cluster);
  const at = "/teams/default/applications/shop/components/web/installations/side";
  const settings = async (): Promise<unknown> =>
    (await server.send<InstallationResource>("GET", at)).body.settings.map(({ by, revision }) => [by, revision]);
  assert.deepEqual(await settings(), [["xds", 1]]);
  await server.send("PATCH", at, { body: { values: { calls: { 80: { RATE: 2 } } } } });
  await until(async () => JSON.stringify(await settings()) === '[["xds",2]]', "the change to reach the client");
  await server.send("DELETE", at);
  assert.ok([status.NOT_FOUND, status.PERMISSION_DENIED].includes((await stream.ended).code));
});
