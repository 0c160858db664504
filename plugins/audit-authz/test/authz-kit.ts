import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { TestContext } from "node:test";
import { createLogger } from "@outrigger/sdk/driver";
import { testDriver } from "@outrigger/sdk/driver/test-kit";
import { type AuditAuthzOptions, auditAuthz } from "../authz.ts";

export interface Kit {
  readonly folder: string;
  /** @returns why it is refused; undefined: it is allowed */
  readonly ask: (method: string, uri: string, more?: Asked) => Promise<string | undefined>;
  readonly answer: (method: string, uri: string, status: number) => Promise<void>;
  readonly rules: (text: string) => void;
  readonly trail: () => readonly Readonly<Record<string, unknown>>[];
}

export interface Asked {
  readonly user?: string;
  /** An object, or the text itself. */
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
}

export async function authzKit(
  context: Pick<TestContext, "after">,
  rules?: string,
  options: Partial<AuditAuthzOptions> = {},
): Promise<Kit> {
  const folder = mkdtempSync(join(tmpdir(), "outrigger-audit-authz-"));
  const file = join(folder, "rules.yaml");
  const trail = join(folder, "audit.jsonl");
  const write = (text: string): void => writeFileSync(file, text);
  if (rules !== undefined) write(rules);
  const log = createLogger("error", () => undefined);
  const fields = ["Image", "HostConfig.Binds"];
  const own = { rules: file, trail: { file: trail, size: 1024 ** 2, files: 3 }, fields, required: true, log };
  const { call, close } = await testDriver({ authz: auditAuthz({ ...own, ...options }) });
  context.after(async () => {
    await close();
    rmSync(folder, { recursive: true, force: true });
  });
  const argsOf = (method: string, uri: string, { user, body, headers = {} }: Asked): Readonly<Record<string, unknown>> => {
    const text = typeof body === "string" ? body : JSON.stringify(body);
    const json = body === undefined ? {} : { "Content-Type": "application/json", "Content-Length": String(Buffer.byteLength(text)) };
    return {
      ...(user === undefined ? {} : { User: user, UserAuthNMethod: "TLS" }),
      RequestMethod: method,
      RequestUri: uri,
      RequestHeaders: { "User-Agent": "Docker-Client/28.2.2 (linux)", ...json, ...headers },
      ...(body === undefined ? {} : { RequestBody: Buffer.from(text).toString("base64") }),
    };
  };
  return {
    folder,
    ask: async (method, uri, more = {}) => (await call("AuthZPlugin.AuthZReq", argsOf(method, uri, more))).error,
    answer: async (method, uri, status) => {
      await call("AuthZPlugin.AuthZRes", { ...argsOf(method, uri, {}), ResponseStatusCode: status });
    },
    rules: write,
    trail: () =>
      readFileSync(trail, "utf8")
        .split("\n")
        .slice(0, -1)
        .map((line) => JSON.parse(line) as Readonly<Record<string, unknown>>),
  };
}
