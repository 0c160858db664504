import { join } from "node:path";
import { createLogger, logLevel, serveDriver } from "@outrigger/sdk/driver";
import { auditAuthz } from "./authz.ts";

const { CONFIG = "/config", AUDIT = "/audit", RULES = "audit-authz.yaml", AUDIT_FIELDS = "", AUDIT_REQUIRED = "true" } = process.env;

function whole(name: string, fallback: number): number {
  const text = process.env[name] ?? String(fallback);
  if (/^[1-9][0-9]{0,5}$/.test(text)) return Number(text);
  throw new RangeError(`${name} is ${JSON.stringify(text)}; expected is a whole number from 1 on`);
}

async function main(): Promise<void> {
  const authz = auditAuthz({
    rules: join(CONFIG, RULES),
    trail: { file: join(AUDIT, "audit.jsonl"), size: whole("AUDIT_SIZE", 50) * 1024 ** 2, files: whole("AUDIT_FILES", 10) },
    fields: AUDIT_FIELDS.split(",").flatMap((field) => (field.trim() === "" ? [] : [field.trim()])),
    required: AUDIT_REQUIRED !== "false",
    log: createLogger(logLevel()),
  });
  await serveDriver({ authz }, { name: "audit-authz" });
}

void main().catch((error: unknown) => {
  console.error(error instanceof Error ? error.message : error);
  process.exit(1);
});
