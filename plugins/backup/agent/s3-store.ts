import { type S3Client, S3Error } from "./s3-client.ts";
import type { State } from "./state.ts";
import { checksumLine, checksumOf, type Incoming, isArchive, type Store } from "./store.ts";

// S3 takes 10,000 parts of at least 5 MB.
const partSize = 16 * 1024 * 1024;

/** Keeps archives in a bucket. They are sent in parts, of which nothing is to be seen until they are put together. */
export function createS3Store(client: S3Client, prefix: string, state: State): Store {
  const remove = async (name: string): Promise<void> => {
    await client.call({ method: "DELETE", key: prefix + name }).catch(unlessMissing);
    await client.call({ method: "DELETE", key: `${prefix}${name}.sha256` }).catch(unlessMissing);
  };
  const abort = async (key: string, uploadId: string): Promise<void> => {
    await client.call({ method: "DELETE", key, query: { uploadId } }).catch(unlessMissing);
    await state.change({ upload: undefined });
  };
  return {
    begin: async (name) => upload(client, prefix + name, name, state, abort),
    list: async () => {
      const archives: { readonly name: string; readonly bytes: number }[] = [];
      for (let token: string | undefined, more = true; more; more = token !== undefined) {
        const query = { "list-type": "2", prefix, ...(token === undefined ? {} : { "continuation-token": token }) };
        const { text } = await client.call({ method: "GET", query });
        for (const [, entry = ""] of text.matchAll(/<Contents>(.*?)<\/Contents>/gs)) {
          const name = (field(entry, "Key") ?? "").slice(prefix.length);
          if (isArchive(name) && !name.includes("/")) archives.push({ name, bytes: Number(field(entry, "Size")) });
        }
        token = field(text, "IsTruncated") === "true" ? field(text, "NextContinuationToken") : undefined;
      }
      return archives.sort((a, b) => (a.name < b.name ? -1 : 1));
    },
    read: (name) => client.stream({ method: "GET", key: prefix + name }),
    checksum: async (name) => checksumOf((await client.call({ method: "GET", key: `${prefix}${name}.sha256` })).text, name),
    remove,
    clean: async () => {
      const { upload: left } = state.read();
      if (left !== undefined) await abort(left.key, left.id);
    },
  };
}

async function upload(
  client: S3Client,
  key: string,
  name: string,
  state: State,
  abort: (key: string, id: string) => Promise<void>,
): Promise<Incoming> {
  const { text } = await client.call({ method: "POST", key, query: { uploads: "" } });
  const id = field(text, "UploadId");
  if (id === undefined) throw new TypeError("the store began no upload: its answer has no UploadId");
  await state.change({ upload: { key, id } });
  const tags: string[] = [];
  let parts: Buffer[] = [];
  let held = 0;
  const sendPart = async (): Promise<void> => {
    const body = Buffer.concat(parts);
    [parts, held] = [[], 0];
    const { etag } = await client.call({ method: "PUT", key, query: { partNumber: String(tags.length + 1), uploadId: id }, body });
    tags.push(etag ?? "");
  };
  return {
    write: async (bytes) => {
      parts.push(bytes);
      held += bytes.length;
      if (held >= partSize) await sendPart();
    },
    finish: async (sha256) => {
      if (held > 0 || tags.length === 0) await sendPart();
      // First the checksum, so that whoever sees the archive finds it.
      await client.call({ method: "PUT", key: `${key}.sha256`, body: Buffer.from(checksumLine(sha256, name)) });
      const list = tags.map((tag, index) => `<Part><PartNumber>${index + 1}</PartNumber><ETag>${escaped(tag)}</ETag></Part>`).join("");
      const body = Buffer.from(`<CompleteMultipartUpload>${list}</CompleteMultipartUpload>`);
      const { text: answer } = await client.call({ method: "POST", key, query: { uploadId: id }, body });
      // It may fail after it has answered 200.
      if (answer.includes("<Error>"))
        throw new TypeError(`the store could not put the parts of ${key} together: ${field(answer, "Code") ?? "no reason given"}`);
      await state.change({ upload: undefined });
    },
    discard: async () => {
      await abort(key, id);
      await client.call({ method: "DELETE", key: `${key}.sha256` }).catch(unlessMissing);
    },
  };
}

function unlessMissing(error: unknown): void {
  if (!(error instanceof S3Error && error.status === 404)) throw error;
}

function field(xml: string, name: string): string | undefined {
  return new RegExp(`<${name}>([^<]*)</${name}>`)
    .exec(xml)?.[1]
    ?.replace(/&(amp|lt|gt|quot|#39|apos);/g, (_, entity: string) => entities[entity] ?? "");
}

const entities: Readonly<Record<string, string>> = { amp: "&", lt: "<", gt: ">", quot: '"', apos: "'", "#39": "'" };

function escaped(text: string): string {
  return text.replace(/&/g, "&amp;").replace(/</g, "&lt;").replace(/"/g, "&quot;");
}
