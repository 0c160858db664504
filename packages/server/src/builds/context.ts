import { createHash, randomBytes } from "node:crypto";
import { createReadStream, createWriteStream } from "node:fs";
import { rm } from "node:fs/promises";
import { join, posix } from "node:path";
import type { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { extract, type Header } from "tar-stream";
import { serverErrors } from "../errors.ts";

/** A build's context: a tar on the server's disk. Whoever gets it removes it. */
export interface Context {
  readonly path: string;
  /** SHA-256 of the tar, in hex. */
  readonly digest: string;
}

/**
 * Takes a tar that is uploaded and checks each of its entries before anything uses it.
 *
 * @throws context-too-large, context-unsafe, disk-full
 */
export async function receiveContext(body: Readable, folder: string, limit: number, file: string): Promise<Context> {
  const path = join(folder, `${randomBytes(12).toString("hex")}.tar`);
  const hash = createHash("sha256");
  const count = async function* (): AsyncGenerator<Uint8Array> {
    let size = 0;
    // The request stays readable after an early end, so that the answer can still be sent.
    for await (const chunk of body.iterator({ destroyOnReturn: false }) as AsyncIterable<Uint8Array>) {
      size += chunk.length;
      if (size > limit) throw serverErrors["context-too-large"]({ limit });
      hash.update(chunk);
      yield chunk;
    }
  };
  try {
    await pipeline(count, createWriteStream(path, { mode: 0o600, flags: "wx" }));
    await checkContext(createReadStream(path), file);
    return { path, digest: hash.digest("hex") };
  } catch (error) {
    await rm(path, { force: true });
    if (error instanceof Error && "code" in error && error.code === "ENOSPC")
      throw serverErrors["disk-full"]({ path: folder }, { cause: error });
    throw error;
  }
}

/** Reads a tar to its end. @throws context-unsafe for an entry that could reach outside, or when `file` is not in it */
export async function checkContext(tar: Readable, file: string): Promise<void> {
  const entries = extract();
  const reading = pipeline(tar, entries);
  reading.catch(() => undefined);
  const links = new Set<string>();
  const names = new Set<string>();
  try {
    for await (const entry of entries) {
      const reason = refusal(entry.header);
      const name = posix.normalize(entry.header.name).replace(/\/$/, "");
      if (reason !== undefined) throw unsafe(entry.header.name, reason);
      if (entry.header.type === "symlink") links.add(name);
      names.add(name);
      entry.resume();
    }
    await reading;
  } catch (error) {
    tar.destroy();
    if (error instanceof Error && "brand" in error) throw error;
    throw serverErrors["context-unsafe"]({ entry: "the body", reason: "it is not a tar" }, { cause: error });
  }
  for (const name of names) {
    const link = ancestors(name).find((above) => links.has(above));
    if (link !== undefined) throw unsafe(name, `it lies behind the link ${link}`);
  }
  if (!names.has(posix.normalize(file))) throw unsafe(file, "the Dockerfile is not in the context");
}

function unsafe(entry: string, reason: string): Error {
  return serverErrors["context-unsafe"]({ entry: JSON.stringify(entry), reason });
}

const plainTypes: ReadonlySet<string> = new Set(["file", "contiguous-file", "directory", "symlink", "link"]);

/** Why an entry can't be taken; undefined when it can. */
function refusal({ name, type, linkname }: Header): string | undefined {
  const wrongName = pathRefusal(name);
  if (wrongName !== undefined) return wrongName;
  if (!plainTypes.has(type ?? "")) return `it is a ${type ?? "thing of an unknown type"}`;
  if (type === "link") return pathRefusal(linkname ?? "") && `it links to ${JSON.stringify(linkname)}, outside the context`;
  return type === "symlink" && leadsOut(name, linkname ?? "") ? `it links to ${JSON.stringify(linkname)}, outside the context` : undefined;
}

function pathRefusal(path: string): string | undefined {
  if (path === "" || path.includes("\0")) return "it has no name";
  if (path.startsWith("/")) return "its path is absolute";
  return path.split("/").includes("..") ? "its path has `..`" : undefined;
}

/** A `..` is followed only at the start of a target: after a folder that is a link itself it could lead anywhere. */
function leadsOut(name: string, target: string): boolean {
  const steps = target.split("/").filter((step) => step !== "" && step !== ".");
  const up = steps.findIndex((step) => step !== "..");
  const climbs = up < 0 ? steps.length : up;
  return (
    target.startsWith("/") ||
    target.includes("\0") ||
    steps.slice(climbs).includes("..") ||
    climbs > ancestors(posix.normalize(name)).length
  );
}

function ancestors(name: string): readonly string[] {
  const steps = name.split("/");
  return steps.slice(0, -1).map((_, index) => steps.slice(0, index + 1).join("/"));
}
