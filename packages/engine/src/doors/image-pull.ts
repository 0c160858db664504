import { type ChangeInputs, parseImageReference } from "@outrigger/sdk";
import type { GatewayRequest, GatewayResponse, RequestChange, Target } from "../gateway/exchange.ts";
import { unframed } from "./answers.ts";
import type { Door, Visit } from "./door.ts";
import { checkQuery, parameter, withParameters } from "./query.ts";

type Input = ChangeInputs["image.prePull"];

/** POST /images/create?fromImage=: before the pull, and after it has succeeded. Imports (`fromSrc`) are no pulls. */
export const imagePull: Door = {
  wants: (dispatcher) => dispatcher.wants("image.prePull") || dispatcher.wants("image.postPull"),
  handle,
};

async function handle(visit: Visit): Promise<GatewayResponse> {
  const { request, dispatcher, call } = visit;
  checkQuery(request.target, ["changes"]);
  const given = wanted(request.target);
  if (given === undefined) return visit.forward();
  const { input } = await dispatcher.change("image.prePull", given, call);
  const ended = visit.pulls.begin(input.reference);
  request.signal.addEventListener("abort", ended, { once: true });
  try {
    const answer = await visit.forward(input === given ? {} : led(request, given, input));
    const follows = dispatcher.wants("image.postPull") && answer.status === 200;
    if (follows) return { ...answer, headers: unframed(answer.headers), body: followed(visit, input, answer.body, ended) };
    ended();
    return answer;
  } catch (error) {
    ended();
    throw error;
  }
}

function wanted(target: Target): Input | undefined {
  const image = parameter(target, "fromImage") || undefined;
  if (image === undefined) return undefined;
  const tag = parameter(target, "tag") || undefined;
  const separator = tag?.includes(":") === true ? "@" : ":";
  return { reference: tag === undefined ? image : `${image}${separator}${tag}`, platform: parameter(target, "platform") || null };
}

/** The pull as plug-ins want it. Credentials are for the registry that the client named, and for no other. */
function led({ target, headers }: GatewayRequest, given: Input, input: Input): RequestChange {
  const change = { target: withParameters(target, parametersOf(input)) };
  if (registryOf(given.reference) === registryOf(input.reference)) return change;
  return { ...change, headers: headers.filter(([name]) => name.toLowerCase() !== "x-registry-auth") };
}

/** What is no reference has a registry of its own: no credentials go with it. */
function registryOf(reference: string): string {
  return parseImageReference(reference)?.registry ?? reference;
}

/** The tag is the part that engines take apart differently, so all of the reference goes as one where that is possible. */
function parametersOf({ reference, platform }: Input): Readonly<Record<string, string | null>> {
  const at = reference.indexOf("@");
  const colon = reference.lastIndexOf(":");
  const tagged = colon > reference.lastIndexOf("/");
  const [name, tag] =
    at > 0
      ? [reference.slice(0, at), reference.slice(at + 1)]
      : tagged
        ? [reference.slice(0, colon), reference.slice(colon + 1)]
        : [reference, null];
  return { fromImage: name, tag, platform };
}

/** The engine's progress as it comes, and after its end what plug-ins have to say: a failure is one more line, as the engine's own would be. */
async function* followed(
  visit: Visit,
  { reference, platform }: Input,
  body: GatewayResponse["body"],
  ended: () => void,
): AsyncIterable<Buffer> {
  const { dispatcher, call, engine } = visit;
  try {
    const progress = createProgress();
    for await (const chunk of Buffer.isBuffer(body) ? [body] : body) {
      progress.add(chunk);
      yield chunk;
    }
    const { failed, digest } = progress.end();
    if (failed) return;
    const snapshotter = await storageDriver(engine);
    const failures = await dispatcher.notify("image.postPull", { reference, digest, platform, snapshotter, by: "client" }, call);
    for (const { plugin, message } of failures) {
      const text = `The image is pulled, but ${plugin} failed after it: ${message}`;
      yield Buffer.from(`${JSON.stringify({ errorDetail: { message: text }, error: text })}\r\n`);
    }
  } finally {
    ended();
  }
}

/** The engine's name for where images lie unpacked. */
export async function storageDriver(engine: Visit["engine"]): Promise<string> {
  return (await engine.ask<{ readonly Driver: string }>({ path: "/info" })).Driver;
}

/** Reads a pull's progress: one JSON object a line. */
function createProgress(): {
  readonly add: (chunk: Buffer) => void;
  readonly end: () => { readonly failed: boolean; readonly digest: string | null };
} {
  let [rest, failed] = ["", false];
  let digest: string | null = null;
  const decoder = new TextDecoder();
  const line = (text: string): void => {
    if (/"error(Detail)?"\s*:/.test(text)) failed = true;
    digest = /Digest: (sha256:[0-9a-f]{64})/.exec(text)?.[1] ?? digest;
  };
  return {
    add: (chunk) => {
      const lines = (rest + decoder.decode(chunk, { stream: true })).split("\n");
      rest = lines.pop() ?? "";
      for (const text of lines) line(text);
    },
    end: () => {
      line(rest);
      return { failed, digest };
    },
  };
}
