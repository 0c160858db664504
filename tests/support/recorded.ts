import { join } from "node:path";
import type { ChangeInputs, RecordedCall } from "@outrigger/sdk";
import { readRecordings } from "@outrigger/sdk/test-kit";
import { root } from "./sandbox.ts";

type CreateInput = ChangeInputs["container.preCreate"];

/** A request as a real client sent it; the names are the files in tests/fixtures/engine-requests. */
export async function recorded(name: string): Promise<RecordedCall> {
  const [call] = await readRecordings(join(root, "tests", "fixtures", "engine-requests", `${name}.json`));
  if (call === undefined) throw new Error(`${name} holds no call`);
  return call;
}

/** A recorded `POST /containers/create`. */
export async function recordedCreate(name: string): Promise<CreateInput> {
  return (await recorded(name)).input as CreateInput;
}

/** A create of a small container. */
export function create(body: CreateInput["body"] = {}): CreateInput {
  return { name: null, platform: null, body: { Image: "debian:bookworm-slim", ...body } };
}
