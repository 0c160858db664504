import { Client, type ClientDuplexStream, credentials, Metadata, type ServiceError } from "@grpc/grpc-js";
import { decode, encode, type Message } from "../../src/discovery/xds/messages.ts";

const adsService = "envoy.service.discovery.v3.AggregatedDiscoveryService";

/** A response as far as tests look at it; `names` are those of the resources. */
export interface Answer {
  readonly type: string;
  readonly nonce: string;
  readonly version: string;
  readonly names: readonly string[];
  readonly removed: readonly string[];
  readonly resources: readonly Message[];
  /** By name; incremental only. */
  readonly versions: Readonly<Record<string, string>>;
}

/** A stream as a client that was written by hand would have it. */
export interface TestStream {
  readonly send: (request: Message) => void;
  /** The next response. @throws Error when none has come after 5 s, or the stream has ended */
  readonly next: () => Promise<Answer>;
  /** @throws Error when a response comes within so many milliseconds */
  readonly silent: (milliseconds: number) => Promise<void>;
  readonly ended: Promise<ServiceError>;
  readonly close: () => void;
}

export const types = {
  cluster: "envoy.config.cluster.v3.Cluster",
  endpoint: "envoy.config.endpoint.v3.ClusterLoadAssignment",
  listener: "envoy.config.listener.v3.Listener",
  route: "envoy.config.route.v3.RouteConfiguration",
} as const;

export function url(type: keyof typeof types): string {
  return `type.googleapis.com/${types[type]}`;
}

export interface StreamOptions {
  readonly host?: string;
  readonly token?: string;
  readonly service?: string;
  readonly method?: string;
  readonly delta?: boolean;
}

export function openStream(
  port: number,
  { host = "127.0.0.1", token, service = adsService, method, delta = false }: StreamOptions = {},
): TestStream {
  const kind = delta ? "DeltaDiscovery" : "Discovery";
  const name = method ?? (delta ? "DeltaAggregatedResources" : "StreamAggregatedResources");
  const client = new Client(`${host}:${port}`, credentials.createInsecure(), { "grpc.use_local_subchannel_pool": 1 });
  const metadata = new Metadata();
  if (token !== undefined) metadata.set("authorization", `Bearer ${token}`);
  const call: ClientDuplexStream<Message, Message> = client.makeBidiStreamRequest(
    `/${service}/${name}`,
    (message: Message) => Buffer.from(encode(`envoy.service.discovery.v3.${kind}Request`, message)),
    (bytes: Buffer) => decode(`envoy.service.discovery.v3.${kind}Response`, bytes),
    metadata,
  );
  const answers: Answer[] = [];
  const waiting: ((answer: Answer) => void)[] = [];
  call.on("data", (message: Message) => {
    const answer = read(message);
    const first = waiting.shift();
    if (first === undefined) answers.push(answer);
    else first(answer);
  });
  const ended = new Promise<ServiceError>((resolve) => call.on("error", resolve));
  const within = (milliseconds: number): Promise<Answer | undefined> =>
    new Promise((resolve) => {
      const here = answers.shift();
      if (here !== undefined) return resolve(here);
      const take = (answer: Answer): void => {
        clearTimeout(timer);
        resolve(answer);
      };
      const timer = setTimeout(() => {
        waiting.splice(waiting.indexOf(take), 1);
        resolve(undefined);
      }, milliseconds);
      waiting.push(take);
    });
  return {
    ended,
    send: (request) => call.write(request),
    async next() {
      const answer = await within(5000);
      if (answer === undefined) throw new Error("No response came within 5 s.");
      return answer;
    },
    async silent(milliseconds) {
      const answer = await within(milliseconds);
      if (answer !== undefined) throw new Error(`A response came, with ${answer.type}: ${answer.names.join(", ")}.`);
    },
    close() {
      call.cancel();
      client.close();
    },
  };
}

interface Packed {
  readonly type_url: string;
  readonly value: Uint8Array;
}

function read(message: Message): Answer {
  const type = String(message["type_url"]).replace("type.googleapis.com/", "");
  const items = (message["resources"] ?? []) as unknown as readonly (Packed & {
    readonly resource?: Packed;
    readonly name?: string;
    readonly version?: string;
  })[];
  const resources = items.map((item) => decode(type, (item.resource ?? item).value));
  return {
    type,
    nonce: String(message["nonce"]),
    version: String(message["version_info"] ?? message["system_version_info"]),
    names: resources.map((resource) => String(resource["cluster_name"] ?? resource["name"])),
    removed: (message["removed_resources"] ?? []) as readonly string[],
    resources,
    versions: Object.fromEntries(items.map((item) => [item.name ?? "", item.version ?? ""])),
  };
}
