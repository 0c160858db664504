import assert from "node:assert/strict";
import { before, test } from "node:test";
import { register } from "@grpc/grpc-js-xds";
import type { DiscoveryDocument, DiscoveryEndpoint, DiscoveryPort, DiscoveryService } from "@outrigger/pod";
import fc from "fast-check";
import { decode, encode, type Message } from "../src/discovery/xds/messages.ts";
import { type ResourceType, resourceTypes, type Snapshot } from "../src/discovery/xds/resources.ts";
import { translate } from "../src/discovery/xds/translate.ts";
import { refusal } from "./support/client-checks.ts";
import { type PublishedProtocol, publishedProtocol } from "./support/published-protocol.ts";
import { documentOf, endpointsAt, portOf, serviceOf } from "./support/xds-source.ts";
import { types } from "./support/xds-stream.ts";

let published: PublishedProtocol;
before(() => {
  register();
  published = publishedProtocol();
});

/** The resource with all that is packed in it unpacked. */
function read(snapshot: Snapshot, type: ResourceType, name: string, reader: Pick<PublishedProtocol, "decode"> = { decode }): Message {
  const found = snapshot[type].get(name);
  assert.ok(found !== undefined, `There is no ${type} ${name}, but ${[...snapshot[type].keys()].join(", ")}.`);
  return unpacked(reader.decode(types[type], found.any.value), reader) as Message;
}

function unpacked(value: unknown, reader: Pick<PublishedProtocol, "decode">): unknown {
  if (Array.isArray(value)) return value.map((item) => unpacked(item, reader));
  if (typeof value !== "object" || value === null) return value;
  const { type_url: url, value: bytes } = value as { readonly type_url?: string; readonly value?: unknown };
  if (url !== undefined && bytes instanceof Uint8Array)
    return { url, ...(unpacked(reader.decode(url.split("/")[1] ?? "", bytes), reader) as object) };
  return Object.fromEntries(Object.entries(value).map(([name, field]) => [name, unpacked(field, reader)]));
}

function translated(document: DiscoveryDocument<string>): { readonly snapshot: Snapshot; readonly problems: readonly string[] } {
  const problems: string[] = [];
  const snapshot = translate(document, (problem) => problems.push(problem));
  return { snapshot, problems };
}

/** All texts under fields of this name. */
function* texts(value: unknown, field: string): Generator<string> {
  if (typeof value !== "object" || value === null) return;
  for (const [name, inner] of Object.entries(value)) {
    if (name === field && typeof inner === "string") yield inner;
    else yield* texts(inner, field);
  }
}

const name = fc.constantFrom("api", "api-next", "db", "a");
const junk = fc.oneof(
  fc.string({ maxLength: 12 }),
  fc.constantFrom("-1", "1e9", "99999999999999999999", "0", "*", "a*b*", "/", "->", "x=y", ";;", "0=0", "${pod.ip}"),
);
const weights = fc
  .array(fc.tuple(fc.oneof(name, fc.integer({ min: 0, max: 4 }).map(String)), fc.integer({ min: 0, max: 99_999 })), { maxLength: 4 })
  .map((pairs) => pairs.map(([key, weight]) => `${key}=${weight}`).join(","));
const number = fc.oneof(fc.integer({ min: 0, max: 4_294_967_296 }).map(String), junk);
const numbers =
  "RETRIES TIMEOUT CONSECUTIVE_ERRORS EJECTION_SECONDS MAX_EJECTED CANARY_SHARE MAX_CONNECTIONS Weight MaxConnections MaxRequests MaxPendingRequests MaxActiveRetries ConsecutiveErrors BaseEjectionTimeMS MaxEjectionPercent ConnectionTimeout MaxRequestsPerConnection HealthyPanicThreshold TCPIdleTimeout";
const options = fc.record(
  {
    ...Object.fromEntries(numbers.split(" ").map((item) => [item, number])),
    WEIGHTS: fc.oneof(weights, junk),
    CANARY: fc.oneof(name, junk),
    ROUTES: fc.oneof(
      name.map((component) => `x-a=b -> ${component}; x-c = d->${component}`),
      junk,
    ),
    Domains: fc.oneof(fc.constantFrom("*", "a.example", "A.example,*.b.example", "b.*"), junk),
    Prefix: fc.oneof(fc.constantFrom("/", "/a", "/a/b"), junk),
    Headers: fc.oneof(fc.constantFrom("a:b", "a:b;c:d", "c:d;a:b"), junk),
  },
  { requiredKeys: [] },
) as fc.Arbitrary<Record<string, string>>;
const portNumber = fc.constantFrom(80, 5000, 8080, 65_301);
const protocol = fc.constantFrom("http", "https", "grpc", "tcp", "udp", "sctp", "mysql") as fc.Arbitrary<DiscoveryPort["protocol"]>;
const endpoint: fc.Arbitrary<DiscoveryEndpoint> = fc.record({
  pod: name,
  replica: fc.integer({ min: 0, max: 4 }),
  address: fc.constantFrom("10.0.0.1", "10.0.0.2", "fd00::1", "not an address", ""),
  port: portNumber,
  ready: fc.boolean(),
});
const service: fc.Arbitrary<DiscoveryService<string>> = fc
  .record({ port: portNumber, listen_port: portNumber, protocol, endpoints: fc.array(endpoint, { maxLength: 5 }), options, alias: name })
  .map(({ alias, ...fields }) => serviceOf(alias, fields));
const port: fc.Arbitrary<DiscoveryPort<string>> = fc
  .record({ port: portNumber, listen_port: portNumber, origin_port: portNumber, protocol, options })
  .map((fields) => portOf(fields.port, fields));
const documents = fc
  .tuple(fc.array(service, { maxLength: 5 }), fc.array(port, { maxLength: 3 }))
  .map(([services, ports]) => documentOf(services, ports));

test("any document gives resources that the published protocol and gRPC's own client take, and nothing in them leads nowhere", () => {
  fc.assert(
    fc.property(documents, (document) => {
      const { snapshot } = translated(document);
      for (const type of resourceTypes) {
        for (const [name, resource] of snapshot[type]) {
          const ours = read(snapshot, type, name);
          assert.deepEqual(read(snapshot, type, name, published), ours);
          const forClients = type !== "listener" || !resource.listed;
          if (forClients && ours["type"] !== "STATIC") assert.equal(refusal(type, resource), undefined);
        }
      }
      const all = (type: ResourceType) => [...snapshot[type].keys()].map((name) => read(snapshot, type, name));
      const clusters = all("cluster");
      for (const user of [...all("route"), ...all("listener")]) {
        for (const cluster of texts(user, "cluster")) assert.ok(snapshot.cluster.has(cluster), cluster);
        for (const shares of shareLists(user))
          for (const cluster of texts(shares, "name")) assert.ok(snapshot.cluster.has(cluster), cluster);
        for (const routes of texts(user, "route_config_name")) assert.ok(snapshot.route.has(routes), routes);
      }
      const eds = clusters.filter((cluster) => cluster["type"] === "EDS").map((cluster) => cluster["name"]);
      assert.deepEqual([...snapshot.endpoint.keys()], eds);
    }),
    { numRuns: 300 },
  );
});

function* shareLists(value: unknown): Generator<unknown> {
  if (typeof value !== "object" || value === null) return;
  for (const [name, inner] of Object.entries(value)) {
    if (name === "weighted_clusters") yield inner;
    else yield* shareLists(inner);
  }
}

test("equal documents give equal versions, whatever comes between", () => {
  fc.assert(
    fc.property(documents, (document) => {
      const versions = (snapshot: Snapshot) =>
        resourceTypes.map((type) => [...snapshot[type].values()].map(({ name, version }) => [name, version]));
      assert.deepEqual(versions(translated(structuredClone(document)).snapshot), versions(translated(document).snapshot));
    }),
    { numRuns: 50 },
  );
});

test("requests are read and responses written as the published protocol has them", () => {
  const any = { type_url: "x", value: new Uint8Array([1]) };
  const messages: readonly (readonly [string, Message])[] = [
    [
      "DiscoveryRequest",
      {
        version_info: "1",
        node: { id: "a", cluster: "b", metadata: { fields: { DISCOVER_TOKEN: { stringValue: "t" } } } },
        resource_names: ["a"],
        type_url: "u",
        response_nonce: "2",
        error_detail: { code: 3, message: "m" },
      },
    ],
    ["DiscoveryResponse", { version_info: "1", resources: [any], type_url: "u", nonce: "2" }],
    [
      "DeltaDiscoveryRequest",
      {
        node: { id: "a" },
        type_url: "u",
        resource_names_subscribe: ["a"],
        resource_names_unsubscribe: ["b"],
        initial_resource_versions: { a: "1" },
        response_nonce: "2",
        error_detail: { code: 3, message: "m" },
      },
    ],
    [
      "DeltaDiscoveryResponse",
      {
        system_version_info: "1",
        resources: [{ version: "1", resource: any, name: "a" }],
        type_url: "u",
        nonce: "2",
        removed_resources: ["b"],
      },
    ],
  ];
  for (const [type, message] of messages) {
    const full = `envoy.service.discovery.v3.${type}`;
    assert.equal(
      JSON.stringify(published.decode(full, encode(full, message))),
      JSON.stringify(decode(full, published.encode(full, message))),
      type,
    );
    assert.deepEqual(Object.keys(decode(full, encode(full, message))).toSorted(), Object.keys(message).toSorted(), type);
  }
});

test("a port that is taken over: a listener for callers, a cluster of what is behind it", () => {
  const { snapshot, problems } = translated(
    documentOf(
      [],
      [
        portOf(8080),
        portOf(3306, { listen_port: 65_302, protocol: "mysql" }),
        portOf(9000, { listen_port: 9000 }),
        portOf(53, { protocol: "udp" }),
      ],
    ),
  );
  assert.deepEqual(problems, []);
  assert.deepEqual([...snapshot.listener.keys()], ["0.0.0.0_65301", "0.0.0.0_65302"]);
  assert.deepEqual([...snapshot.cluster.keys()], ["127.0.0.1_8080", "127.0.0.1_3306"]);
  assert.deepEqual(read(snapshot, "listener", "0.0.0.0_65302"), {
    name: "0.0.0.0_65302",
    address: { socket_address: { address: "0.0.0.0", port_value: 65_302 } },
    filter_chains: [
      {
        filters: [
          {
            name: "envoy.filters.network.tcp_proxy",
            typed_config: {
              url: "type.googleapis.com/envoy.extensions.filters.network.tcp_proxy.v3.TcpProxy",
              stat_prefix: "0.0.0.0_65302",
              cluster: "127.0.0.1_3306",
              idle_timeout: { seconds: 7200, nanos: 0 },
            },
          },
        ],
      },
    ],
    traffic_direction: "INBOUND",
  });
});

test("the egress items: ejection, retries, timeout, weights by replica with the others standing by", () => {
  const given = { CONSECUTIVE_ERRORS: "3", EJECTION_SECONDS: "7", MAX_EJECTED: "50", RETRIES: "4", TIMEOUT: "9", WEIGHTS: "0=80, 1=20" };
  const { snapshot, problems } = translated(documentOf([serviceOf("api", { endpoints: endpointsAt("api", 1, 2, 3), options: given })]));
  assert.deepEqual(problems, []);
  assert.deepEqual(read(snapshot, "cluster", "api_5000")["outlier_detection"], {
    consecutive_5xx: { value: 3 },
    base_ejection_time: { seconds: 7, nanos: 0 },
    max_ejection_percent: { value: 50 },
    enforcing_consecutive_5xx: { value: 100 },
    enforcing_success_rate: { value: 0 },
  });
  assert.match(
    JSON.stringify(read(snapshot, "route", "api_5000")),
    /"retry_on":"connect-failure,refused-stream,unavailable","num_retries":{"value":4}/,
  );
  assert.match(JSON.stringify(read(snapshot, "route", "api_5000")), /"timeout":{"seconds":9,"nanos":0}/);
  const places = read(snapshot, "endpoint", "api_5000")["endpoints"] as readonly Message[];
  assert.deepEqual(
    places.map((place) => [place["locality"], place["load_balancing_weight"], place["priority"]]),
    [
      [{ region: "outrigger", sub_zone: "replica-0" }, { value: 80 }, 0],
      [{ region: "outrigger", sub_zone: "replica-1" }, { value: 20 }, 0],
      [{ region: "outrigger", sub_zone: "stand-by" }, { value: 1 }, 1],
    ],
  );
});

test("the original's items: limits, ejection in milliseconds, and one table by domain, prefix and headers on port 80", () => {
  const given = (more: Readonly<Record<string, string>>) => ({
    ...{ MaxConnections: "1", MaxRequests: "2", MaxPendingRequests: "3", MaxActiveRetries: "4", ConsecutiveErrors: "5" },
    ...{ BaseEjectionTimeMS: "1500", ConnectionTimeout: "250", Domains: "shop.example", ...more },
  });
  const at = (component: string, listen_port: number, more: Readonly<Record<string, string>>): DiscoveryService<string> =>
    serviceOf(component, { protocol: "http", listen_port, options: given(more) });
  const { snapshot, problems } = translated(
    documentOf([
      at("api", 1, { Weight: "70" }),
      at("api-next", 2, { Weight: "30" }),
      at("beta", 3, { Headers: "x-group:beta" }),
      at("img", 4, { Prefix: "/img" }),
    ]),
  );
  assert.deepEqual(problems, []);
  const cluster = read(snapshot, "cluster", "api_5000");
  assert.deepEqual(cluster["connect_timeout"], { seconds: 250, nanos: 0 });
  assert.match(
    JSON.stringify(cluster["outlier_detection"]),
    /"base_ejection_time":{"seconds":1,"nanos":500000000},"max_ejection_percent":{"value":10}/,
  );
  assert.deepEqual(cluster["circuit_breakers"], {
    thresholds: [
      {
        priority: "DEFAULT",
        max_connections: { value: 1 },
        max_pending_requests: { value: 3 },
        max_requests: { value: 2 },
        max_retries: { value: 4 },
      },
    ],
  });
  assert.ok(snapshot.listener.has("127.0.0.1_80"));
  const [host, ...others] = read(snapshot, "route", "domains")["virtual_hosts"] as readonly {
    readonly domains: unknown;
    readonly routes: readonly Message[];
  }[];
  assert.deepEqual([others, host?.domains], [[], ["shop.example"]]);
  assert.deepEqual(
    host?.routes.map((route) => [
      ...texts(route, "prefix"),
      ...texts(route, "cluster"),
      ...[...shareLists(route)].flatMap((list) => [...texts(list, "name")]),
    ]),
    [
      ["/", "beta_5000"],
      ["/img", "img_5000"],
      ["/", "api_5000", "api-next_5000"],
    ],
  );
});

test("what can't be read is told without the text of headers, and counts as not given", () => {
  const wrong = {
    RETRIES: "many",
    WEIGHTS: "0=0",
    CANARY: "nobody",
    CANARY_SHARE: "10",
    ROUTES: "secret",
    Headers: "secret",
    Domains: "a.example",
    Prefix: "x",
  };
  const bad = { pod: "p", replica: 0, address: "somewhere", port: 1, ready: true };
  const { snapshot, problems } = translated(documentOf([serviceOf("api", { endpoints: [bad], options: wrong })]));
  const plain = translated(documentOf([serviceOf("api")])).snapshot;
  for (const type of resourceTypes) assert.deepEqual(snapshot[type], plain[type]);
  for (const item of ["RETRIES", "WEIGHTS", "CANARY", "ROUTES", "Headers", "Prefix", "endpoint"]) {
    assert.ok(
      problems.some((problem) => problem.startsWith("api:5000: ") && problem.includes(item)),
      `nothing is told of ${item}`,
    );
  }
  assert.doesNotMatch(problems.join("\n"), /secret/);
});
