import type { Pod } from "@outrigger/pod";
import { type Asked, type AskOptions, ask, freePort, tokenOf } from "./discovery.ts";
import { builtPlugin, manifest } from "./samples.ts";
import { type TestServer, testServer, until } from "./server.ts";

export const liveGroup: {
  readonly items: readonly { readonly name: string; readonly [key: string]: unknown }[];
  readonly [key: string]: unknown;
} = {
  group: "live",
  inject: "discovery",
  items: [
    { name: "RATE", type: "integer", min: 1, default: 5 },
    { name: "WHERE", default: "${pod.ip}" },
    { name: "KEY", type: "secret" },
  ],
};
export const plainGroup: object = { ...liveGroup, items: liveGroup.items.filter(({ name }) => name !== "WHERE") };
export const web: object = { name: "web", image: "web:1", ports: [{ port: 80, protocol: "http" }] };

export interface Setting {
  readonly server: TestServer;
  readonly port: number;
  readonly xds: number;
  readonly pod: Pod;
  readonly token: string;
  readonly path: string;
  readonly ask: (options?: AskOptions & { readonly host?: string }) => Promise<Asked>;
  readonly set: (values: object) => Promise<number>;
}

/** The loopback network stands for the application's: 127.88.0.1 is its gateway, all other addresses of 127.0.0.0/8 are pods. */
export const network = { team: "default", application: "shop", gateway: "127.88.0.1", subnet: "127.0.0.0/8" };

export async function setUp(
  context: Parameters<typeof testServer>[0],
  config: object = plainGroup,
  values: object | undefined = { KEY: "s3cret" },
): Promise<Setting> {
  const [port, xds] = [await freePort(), await freePort()];
  const server = await testServer(context, { discoveryPorts: { http: port, xds } });
  await builtPlugin(server, manifest("side", { config: [config] }));
  const plugins = [{ plugin: "side", ...(config === plainGroup || config === liveGroup ? { values: { live: values } } : {}) }];
  await server.send("PUT", "/teams/default/applications/shop", { body: { components: [{ ...web, plugins }] } });
  const pod = await until(() => server.engine.pods.get("default/shop/web"), "the pod");
  await server.engine.options?.onNetworks([network]);
  const token = await tokenOf(server, pod, "side");
  const path = "/v1/resources/default.shop/web/side";
  return {
    server,
    port,
    xds,
    pod,
    token,
    path,
    ask: ({ host = network.gateway, ...options } = {}) => ask(host, port, options.path ?? path, { token, ...options }),
    set: async (sent) => {
      const at = "/teams/default/applications/shop/components/web/installations/side";
      return (await server.send("PATCH", at, { body: { values: { live: sent } } })).status;
    },
  };
}
