import type { OutriggerError } from "@outrigger/plugin";
import * as z from "zod";
import { registryErrors } from "../errors.ts";

const errorsField = z.looseObject({
  errors: z
    .array(z.looseObject({ code: z.string().optional(), message: z.string().optional(), detail: z.unknown().optional() }))
    .optional(),
  details: z.string().optional(),
  error: z.string().optional(),
  error_description: z.string().optional(),
});

/** The registry's own code and words (OCI distribution specification, "Error Codes"), at most 300 characters on one line. */
export function reasonIn(body: Uint8Array): string {
  const text = Buffer.from(body).toString("utf8");
  const parsed = errorsField.safeParse(jsonOf(text));
  const listed = parsed.data?.errors?.map(({ code, message, detail }) =>
    [code, message, typeof detail === "string" ? detail : undefined].filter(Boolean).join(": "),
  );
  const words =
    listed?.join("; ") || parsed.data?.error_description || parsed.data?.details || parsed.data?.error || (/^\s*</.test(text) ? "" : text);
  // Control characters could write over what the terminal shows.
  const line = words.replace(/[\p{Cc}\p{Cf}\s]+/gu, " ").trim();
  return line === "" ? "it gave no reason" : line.length > 300 ? `${line.slice(0, 297)}...` : line;
}

export interface Refusal {
  readonly registry: string;
  /** In words, e.g. `the manifest 1.0 of tools/log`. */
  readonly request: string;
  readonly status: number;
  readonly body: Uint8Array;
}

/** The error of an answer that was not hoped for. */
export function refusal({ registry, request, status, body }: Refusal): OutriggerError {
  const reason = reasonIn(body);
  if (status === 401) return registryErrors["registry-unauthorized"]({ registry, request, reason });
  if (status === 403) return registryErrors["registry-denied"]({ registry, request, reason });
  if (status === 429 || status >= 500) return registryErrors["registry-failing"]({ registry, request, status, reason });
  return registryErrors["registry-refused"]({ registry, request, status, reason });
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
