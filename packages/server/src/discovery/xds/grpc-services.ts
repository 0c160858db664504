import { type Server, type ServerDuplexStream, type ServiceDefinition, status } from "@grpc/grpc-js";
import { plainAddress } from "../door.ts";
import { type ClientStreamOptions, type EndReason, openClientStream } from "./client-stream.ts";
import { deltaProtocol } from "./delta-protocol.ts";
import { decode, encode, type Message } from "./messages.ts";
import type { Protocol } from "./protocol.ts";
import type { ResourceType } from "./resources.ts";
import { wholeProtocol } from "./whole-protocol.ts";

type Call = ServerDuplexStream<Message, Message>;
export type ServiceOptions = Pick<ClientStreamOptions, "source" | "snapshotOf" | "log" | "refused">;

/** Service and what its methods are about; undefined: anything. */
const services: readonly (readonly [service: string, about: string, only: ResourceType | undefined])[] = [
  ["envoy.service.discovery.v3.AggregatedDiscoveryService", "AggregatedResources", undefined],
  ["envoy.service.cluster.v3.ClusterDiscoveryService", "Clusters", "cluster"],
  ["envoy.service.endpoint.v3.EndpointDiscoveryService", "Endpoints", "endpoint"],
  ["envoy.service.listener.v3.ListenerDiscoveryService", "Listeners", "listener"],
  ["envoy.service.route.v3.RouteDiscoveryService", "Routes", "route"],
];

const statuses: Readonly<Record<EndReason, status>> = {
  invalid: status.INVALID_ARGUMENT,
  unauthenticated: status.UNAUTHENTICATED,
  forbidden: status.PERMISSION_DENIED,
  unknown: status.NOT_FOUND,
  unavailable: status.UNAVAILABLE,
};

export function registerServices(server: Server, options: ServiceOptions): void {
  for (const [service, about, only] of services) {
    for (const [prefix, protocol] of [["Stream", wholeProtocol] as const, ["Delta", deltaProtocol] as const]) {
      const method = `${prefix}${about}`;
      server.addService(definition(service, method, protocol), { [method]: (call: Call) => handle(call, protocol, only, options) });
    }
  }
}

function definition(service: string, method: string, { requestType, responseType }: Protocol): ServiceDefinition {
  return {
    [method]: {
      path: `/${service}/${method}`,
      requestStream: true,
      responseStream: true,
      requestSerialize: (message: Message) => Buffer.from(encode(requestType, message)),
      requestDeserialize: (bytes: Buffer) => decode(requestType, bytes),
      responseSerialize: (message: Message) => Buffer.from(encode(responseType, message)),
      responseDeserialize: (bytes: Buffer) => decode(responseType, bytes),
    },
  };
}

function handle(call: Call, protocol: Protocol, only: ResourceType | undefined, options: ServiceOptions): void {
  const stream = openClientStream({
    ...options,
    protocol,
    only,
    token: bearerToken(call.metadata.get("authorization")[0]),
    address: plainAddress(call.getPeer().replace(/:\d+$/, "")),
    send: (response) => call.write(response),
    end: (reason, message) => call.emit("error", { code: statuses[reason], details: message }),
  });
  call.on("data", (message: Message) => stream.receive(message));
  call.on("end", () => {
    stream.close();
    call.end();
  });
  call.on("cancelled", () => stream.close());
  call.on("close", () => stream.close());
  call.on("error", () => stream.close());
}

function bearerToken(value: string | Buffer | undefined): string | undefined {
  return /^Bearer +(\S+)$/i.exec(String(value ?? ""))?.[1];
}
