import { request as httpRequest, type IncomingMessage } from "node:http";
import { request as httpsRequest } from "node:https";
import { setTimeout as sleep } from "node:timers/promises";
import type { S3Settings } from "./settings.ts";
import { encoded, sha256, signed } from "./sign.ts";

export interface S3Call {
  readonly method: "GET" | "PUT" | "POST" | "DELETE";
  /** Object; absent: the bucket itself. */
  readonly key?: string;
  readonly query?: Readonly<Record<string, string>>;
  readonly body?: Buffer;
}

/** What the store refused, in its own words. */
export class S3Error extends Error {
  readonly status: number;
  constructor(status: number, message: string) {
    super(message);
    this.status = status;
  }
}

export interface S3Client {
  /** The whole answer, up to 8 MB. @throws S3Error; network errors after three tries */
  readonly call: (call: S3Call) => Promise<{ readonly text: string; readonly etag: string | undefined }>;
  /** The answer as it comes. @throws S3Error */
  readonly stream: (call: S3Call) => Promise<IncomingMessage>;
}

const tries = 3;
const idleTimeout = 60_000;
const largestAnswer = 8 * 1024 * 1024;
const nothing: Buffer = Buffer.alloc(0);

/** Speaks S3's REST interface with signed requests and whole bodies. */
export function createS3Client(settings: S3Settings, signal: AbortSignal): S3Client {
  const { bucket, endpoint, pathStyle } = settings;
  const urlOf = ({ key, query = {} }: S3Call): URL => {
    const url = new URL(endpoint);
    const path = (key ?? "").split("/").map(encoded).join("/");
    if (!pathStyle) url.hostname = `${bucket}.${url.hostname}`;
    url.pathname = pathStyle ? `/${bucket}${key === undefined ? "" : `/${path}`}` : `/${path}`;
    // Signed and sent in the same spelling.
    url.search = Object.entries(query)
      .map(([name, value]) => `${encoded(name)}=${encoded(value)}`)
      .sort()
      .join("&");
    return url;
  };
  const send = (call: S3Call): Promise<IncomingMessage> => {
    const url = urlOf(call);
    const body = call.body ?? nothing;
    const unsigned = { method: call.method, url, headers: { "content-length": String(body.length) }, bodyHash: sha256(body) };
    const headers = signed(unsigned, settings, new Date());
    return new Promise((resolve, reject) => {
      // Clearing away goes on while stopping.
      const stop = call.method === "DELETE" ? {} : { signal };
      const request = (url.protocol === "https:" ? httpsRequest : httpRequest)(
        url,
        { method: call.method, headers, timeout: idleTimeout, ...stop },
        resolve,
      );
      request.once("timeout", () => request.destroy(new TypeError(`${url.host} was silent for ${idleTimeout / 1000} s`)));
      request.once("error", reject);
      request.end(body);
    });
  };
  const answered = async (call: S3Call): Promise<IncomingMessage> => {
    for (let attempt = 1; ; attempt += 1) {
      try {
        const response = await send(call);
        const status = response.statusCode ?? 0;
        if (status < 300) return response;
        throw new S3Error(status, refusal(status, await textOf(response), call, bucket));
      } catch (error) {
        const lasting = error instanceof S3Error && error.status < 500 && error.status !== 429;
        if (lasting || attempt === tries || signal.aborted) throw error;
        await sleep(500 * 2 ** attempt, undefined, { signal });
      }
    }
  };
  return {
    stream: answered,
    call: async (call) => {
      const response = await answered(call);
      return { text: await textOf(response), etag: response.headers.etag };
    },
  };
}

async function textOf(response: IncomingMessage): Promise<string> {
  const parts: Buffer[] = [];
  let length = 0;
  for await (const part of response as AsyncIterable<Buffer>) {
    length += part.length;
    if (length > largestAnswer) throw new RangeError(`an answer of more than ${largestAnswer} bytes`);
    parts.push(part);
  }
  return Buffer.concat(parts).toString("utf8");
}

/** Messages name what was asked for and the store's code, but not its text: some stores repeat the signed request in it. */
function refusal(status: number, text: string, { method, key }: S3Call, bucket: string): string {
  const code = /<Code>([A-Za-z0-9]{1,64})<\/Code>/.exec(text)?.[1];
  return `the store answers ${status}${code === undefined ? "" : ` ${code}`} to ${method} s3://${bucket}/${key ?? ""}${hint(code)}`;
}

function hint(code: string | undefined): string {
  if (code === "SignatureDoesNotMatch") return ": S3_SECRET_KEY is not the one that belongs to S3_ACCESS_KEY";
  if (code === "InvalidAccessKeyId") return ": there is no such S3_ACCESS_KEY";
  if (code === "NoSuchBucket") return ": make the bucket, or mend TARGET";
  if (code === "AuthorizationHeaderMalformed") return ": S3_REGION may be another";
  return "";
}
