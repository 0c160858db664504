import { existsSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import protobuf from "protobufjs";
import type { Message } from "../../src/discovery/xds/messages.ts";

const { resolve } = createRequire(import.meta.url);
const folder = join(dirname(resolve("@grpc/grpc-js-xds/package.json")), "deps");
const roots = [
  ...["envoy-api", "googleapis", "xds", "protoc-gen-validate"].map((name) => join(folder, name)),
  dirname(resolve("protobufjs/package.json")),
];
const files = [
  "envoy/config/cluster/v3/cluster.proto",
  "envoy/config/endpoint/v3/endpoint.proto",
  "envoy/config/listener/v3/listener.proto",
  "envoy/config/route/v3/route.proto",
  "envoy/extensions/filters/http/router/v3/router.proto",
  "envoy/extensions/filters/network/http_connection_manager/v3/http_connection_manager.proto",
  "envoy/extensions/filters/network/tcp_proxy/v3/tcp_proxy.proto",
  "envoy/extensions/upstreams/http/v3/http_protocol_options.proto",
  "envoy/service/discovery/v3/discovery.proto",
];

/** The protocol as gRPC's makers publish it with their client, to hold ours against. */
export interface PublishedProtocol {
  readonly decode: (type: string, bytes: Uint8Array) => Message;
  readonly encode: (type: string, message: Message) => Uint8Array;
}

export function publishedProtocol(more: readonly string[] = []): PublishedProtocol {
  const root = new protobuf.Root();
  root.resolvePath = (_origin, target) => roots.map((name) => join(name, target)).find((path) => existsSync(path)) ?? target;
  root.loadSync([...files, ...more], { keepCase: true });
  return {
    decode(type, bytes) {
      const known = root.lookupType(type);
      return known.toObject(known.decode(bytes), { enums: String, longs: Number }) as Message;
    },
    encode(type, message) {
      const known = root.lookupType(type);
      return known.encode(known.fromObject(message)).finish();
    },
  };
}
