import { type AgentReport, agentReportField } from "./agent-report.ts";

const longest = 2_000;
const largest = 4 * 1024 * 1024;

/** Where a pod's performance plug-in serves its figures. */
export interface AgentAddress {
  readonly ip: string;
  readonly port: number;
}

/**
 * A pod's figures over the last `window` seconds, with a series of `series` seconds.
 *
 * @throws Error that says why there are none: no answer within 2 s, more than 4 MB, not what a performance plug-in serves
 */
export async function askAgent({ ip, port }: AgentAddress, window: number, series: number): Promise<AgentReport> {
  const url = new URL(`http://${ip.includes(":") ? `[${ip}]` : ip}:${port}/traffic?window=${window}&series=${series}`);
  // A plug-in is not to send this server elsewhere.
  const answer = await fetch(url, { redirect: "error", signal: AbortSignal.timeout(longest) }).catch((error: unknown) => {
    throw new TypeError(reasonOf(error, url.host));
  });
  if (!answer.ok) throw new TypeError(`${url.host}/traffic answers ${answer.status}`);
  const text = await read(answer, url.host);
  const report = agentReportField.safeParse(parsed(text));
  if (report.success) return report.data;
  const [issue] = report.error.issues;
  throw new TypeError(`${url.host}/traffic serves something else: ${issue?.path.join(".") ?? ""}: ${issue?.message ?? ""}`);
}

async function read(answer: Response, host: string): Promise<string> {
  const parts: Uint8Array[] = [];
  let length = 0;
  for await (const part of answer.body ?? []) {
    length += part.length;
    if (length > largest) throw new RangeError(`${host}/traffic serves more than ${largest} bytes`);
    parts.push(part);
  }
  return Buffer.concat(parts).toString("utf8");
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function reasonOf(error: unknown, host: string): string {
  if (error instanceof Error && error.name === "TimeoutError") return `${host} does not answer within ${longest / 1000} s`;
  const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error;
  return `${host} can't be reached: ${cause instanceof Error ? cause.message : String(cause)}`;
}
