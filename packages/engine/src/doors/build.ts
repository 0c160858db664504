import type { ContainerCreateRequest } from "@outrigger/sdk";
import { parseJson } from "@outrigger/sdk";
import { engineErrors } from "../errors.ts";
import type { GatewayResponse, Target } from "../gateway/exchange.ts";
import type { Door, Visit } from "./door.ts";
import { same, viewOf, writeView } from "./field-map.ts";
import { checkQuery, withParameters } from "./query.ts";

/** How a parameter's text is read, and written. */
interface Codec {
  readonly read: (text: string) => unknown;
  readonly write: (value: unknown) => string | readonly string[];
}

const text: Codec = { read: (value) => value, write: String };
const whole: Codec = { read: (value) => (/^-?\d+$/.test(value) ? Number(value) : undefined), write: String };
const json: Codec = { read: parseJson, write: (value) => JSON.stringify(value) };
const list: Codec = { read: (value) => [value], write: (value) => value as readonly string[] };

/** Parameters of POST /build that say what a container's create body says. */
const parameters: Readonly<Record<string, readonly [field: string, codec: Codec]>> = {
  labels: ["Labels", json],
  networkmode: ["HostConfig.NetworkMode", text],
  memory: ["HostConfig.Memory", whole],
  memswap: ["HostConfig.MemorySwap", whole],
  cpushares: ["HostConfig.CpuShares", whole],
  cpuquota: ["HostConfig.CpuQuota", whole],
  cpuperiod: ["HostConfig.CpuPeriod", whole],
  cpusetcpus: ["HostConfig.CpusetCpus", text],
  cpusetmems: ["HostConfig.CpusetMems", text],
  shmsize: ["HostConfig.ShmSize", whole],
  cgroupparent: ["HostConfig.CgroupParent", text],
  extrahosts: ["HostConfig.ExtraHosts", list],
  isolation: ["HostConfig.Isolation", text],
  ulimits: ["HostConfig.Ulimits", json],
  securityopt: ["HostConfig.SecurityOpt", list],
};
const fields = Object.fromEntries(Object.entries(parameters).map(([name, [field]]) => [field, name]));

/** Parameters that count each time they stand in the query. */
const several = ["t", "extrahosts", "securityopt"];

/** POST /build: what its steps run with. The Dockerfile itself is not looked into; the context streams past. */
export const build: Door = { wants: (dispatcher) => dispatcher.wants("container.preCreate", { door: "build" }), handle };

async function handle(visit: Visit): Promise<GatewayResponse> {
  const { request, dispatcher, call } = visit;
  checkQuery(request.target, several);
  const said = read(request.target);
  const platform = request.target.query.find(([name]) => name === "platform")?.[1] || null;
  const given = { name: null, platform, body: viewOf(said, fields) };
  const changed = await dispatcher.change("container.preCreate", given, { ...call, door: "build" });
  const by = { plugin: changed.changedBy.join(", "), door: "a build" };
  const after = writeView(said, fields, given.body, changed.input.body as ContainerCreateRequest, by);
  if (changed.input === given) return visit.forward();
  return visit.forward({
    target: withParameters(request.target, {
      ...write(said, after),
      ...(changed.input.platform === platform ? {} : { platform: changed.input.platform }),
    }),
  });
}

/** Parameters, decoded, by name. @throws request-malformed */
function read(target: Target): Readonly<Record<string, unknown>> {
  const said: Record<string, unknown> = {};
  for (const [name, value] of target.query) {
    const codec = parameters[name]?.[1];
    if (codec === undefined || value === "") continue;
    const decoded = decode(name, codec, value);
    const before = said[name];
    said[name] = Array.isArray(before) && Array.isArray(decoded) ? [...before, ...decoded] : decoded;
  }
  return said;
}

function decode(name: string, codec: Codec, value: string): unknown {
  try {
    return codec.read(value);
  } catch {
    throw engineErrors["request-malformed"]({ reason: `the parameter ${name} is no JSON` });
  }
}

function write(
  before: Readonly<Record<string, unknown>>,
  after: Readonly<Record<string, unknown>>,
): Readonly<Record<string, string | readonly string[] | null>> {
  const names = Object.keys(parameters).filter((name) => !same(before[name], after[name]));
  return Object.fromEntries(
    names.map((name) => [name, after[name] === undefined ? null : (parameters[name]?.[1].write(after[name]) ?? null)]),
  );
}
