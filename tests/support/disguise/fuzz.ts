import { hostAccess, type Inspected } from "./host-access.ts";
import { allowed, offences, type PlainRequest } from "./offences.ts";
import { createRandom } from "./random.ts";
import { disguise } from "./requests.ts";
import { send } from "./send.ts";

/** The engine as it is, asked past whatever stands before it. */
export interface Judge {
  readonly get: <Answer>(path: string) => Promise<Answer>;
  readonly remove: (path: string) => Promise<void>;
}

export interface FuzzReport {
  readonly sent: number;
  /** Answers by status; 0: none came. */
  readonly statuses: Readonly<Record<number, number>>;
  readonly created: number;
  /** What got through: number of the request, and what its container or volume has of the host. */
  readonly violations: readonly { readonly request: number; readonly access: readonly string[] }[];
}

const batch = 200;
const lanes = 8;

/** Sends `count` disguised requests to the socket and asks the engine after each batch what it made of them. The same seed sends the same requests. */
export async function fuzz(socketPath: string, judge: Judge, seed: number, count: number): Promise<FuzzReport> {
  const statuses: Record<number, number> = {};
  const violations: { request: number; access: readonly string[] }[] = [];
  let created = 0;
  for (let first = 0; first < count; first += batch) {
    const numbers = [...Array(Math.min(batch, count - first)).keys()].map((offset) => first + offset);
    const lane = async (index: number): Promise<void> => {
      for (const number of numbers.filter((each) => each % lanes === index)) {
        const { bytes, answers } = requestOf(seed, number);
        const status = (await send(socketPath, bytes, answers)).at(-1) ?? 0;
        statuses[status] = (statuses[status] ?? 0) + 1;
      }
    };
    await Promise.all([...Array(lanes).keys()].map(lane));
    const made = await judgeBatch(judge);
    created += made.created;
    violations.push(...made.violations);
  }
  return { sent: count, statuses, created, violations };
}

/** The request of one number, always the same. */
export function requestOf(seed: number, number: number): { readonly bytes: Buffer; readonly answers: number } {
  const random = createRandom(seed * 1_000_003 + number);
  const plain = random.pick(random.chance(0.02) ? allowed : offences);
  const named: PlainRequest =
    plain.path === "/containers/create"
      ? { ...plain, query: [["name", `f${number}`]] }
      : { ...plain, body: { ...plain.body, Name: `f${number}` } };
  const bytes = disguise(named, random);
  return { bytes, answers: bytes.toString().split(/ HTTP\/\d\.\d\r\n/).length - 1 };
}

async function judgeBatch(judge: Judge): Promise<Pick<FuzzReport, "created" | "violations">> {
  const containers = await judge.get<readonly { readonly Id: string; readonly Names: readonly string[] }[]>("/containers/json?all=1");
  const violations: { request: number; access: readonly string[] }[] = [];
  for (const { Id, Names } of containers) {
    const access = hostAccess(await judge.get<Inspected>(`/containers/${Id}/json`));
    if (access.length > 0) violations.push({ request: numberOf(Names[0] ?? ""), access });
    await judge.remove(`/containers/${Id}?force=1&v=1`);
  }
  const { Volumes } = await judge.get<{ readonly Volumes: readonly { readonly Name: string; readonly Options: object | null }[] | null }>(
    "/volumes",
  );
  for (const { Name, Options } of Volumes ?? []) {
    if (Object.keys(Options ?? {}).length > 0) violations.push({ request: numberOf(Name), access: ["volume"] });
    await judge.remove(`/volumes/${Name}?force=1`);
  }
  return { created: containers.length, violations };
}

function numberOf(name: string): number {
  return Number(/f(\d+)$/.exec(name)?.[1] ?? -1);
}
