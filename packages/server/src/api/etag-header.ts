import type { FastifyReply } from "fastify";

/** Sends the resource's ETag as a header, too. */
export function withEtag<T extends { readonly etag: string }>(reply: FastifyReply, resource: T): T {
  reply.header("etag", `"${resource.etag}"`);
  return resource;
}
