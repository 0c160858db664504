import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import type { IncomingMessage, ServerResponse } from "node:http";
import { createServer } from "node:https";
import { join } from "node:path";
import { PassThrough } from "node:stream";
import { type TestContext, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import type { TLSSocket } from "node:tls";
import { type ClusterKubernetes, type KubernetesOptions, kubernetesOf } from "@outrigger/cluster";
import { isOutriggerError } from "@outrigger/plugin";
import { makeCertificates, type TestCertificates } from "../../../tests/support/certificates.ts";
import { temporaryFolder } from "../../../tests/support/temporary-folder.ts";
import { openStream, thisMachine } from "./support/hosts.ts";

type Answer = (request: IncomingMessage, response: ServerResponse, count: number) => void;

interface Stand {
  readonly client: (options?: KubernetesOptions) => ClusterKubernetes;
  readonly certificates: TestCertificates;
  readonly streams: () => number;
  readonly requests: () => number;
  /** Written over the kubeconfig that the client reads. */
  readonly user: Record<string, unknown>;
  readonly cluster: Record<string, unknown>;
}

const token = "a-token-that-nobody-may-see";

/** A server of our own, for answers that a real one can't be asked for. */
async function stand(context: TestContext, answer: Answer): Promise<Stand> {
  const certificates = makeCertificates(temporaryFolder(context));
  const [cert, key, ca] = [certificates.certificate, certificates.key, certificates.authority].map((path) => readFileSync(path, "utf8"));
  const [user, cluster]: [Record<string, unknown>, Record<string, unknown>] = [
    { token },
    { "certificate-authority": certificates.authority },
  ];
  let [streams, requests] = [0, 0];
  const server = createServer({ cert, key, ca, requestCert: true, rejectUnauthorized: false }, (request, response) => {
    requests += 1;
    answer(request, response, requests);
  });
  await new Promise<void>((resolve) => void server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  const port = typeof address === "object" && address !== null ? address.port : 0;
  const clients: ClusterKubernetes[] = [];
  context.after(async () => {
    await Promise.all(clients.map((client) => client.close()));
    server.closeAllConnections();
    server.close();
  });
  const connection = thisMachine({
    readFile: async (path) =>
      path === "/kubeconfig"
        ? Buffer.from(
            JSON.stringify({
              "current-context": "x",
              contexts: [{ name: "x", context: { cluster: "x", user: "x" } }],
              clusters: [{ name: "x", cluster: { server: `https://127.0.0.1:${port}/base/`, ...cluster } }],
              users: [{ name: "x", user }],
            }),
          )
        : readFileSync(path),
    openStream: async (host, to) => {
      streams += 1;
      return await openStream(host, to);
    },
  });
  const client = (options: KubernetesOptions = {}): ClusterKubernetes => {
    const made = kubernetesOf(connection, { kubeconfig: "/kubeconfig", ...options });
    clients.push(made);
    return made;
  };
  return { client, certificates, streams: () => streams, requests: () => requests, user, cluster };
}

const send = (response: ServerResponse, status: number, body: unknown = {}, headers: Record<string, string> = {}): void =>
  void response.writeHead(status, { "content-type": "application/json", ...headers }).end(JSON.stringify(body));

/** The failure of a request; no part of it shows the credentials. */
async function failureOf(work: Promise<unknown>): Promise<Error & { readonly code?: string }> {
  const error = await work.then(
    () => assert.fail("must fail"),
    (reason: unknown) => reason,
  );
  assert.ok(error instanceof Error || isOutriggerError(error));
  assert.doesNotMatch(JSON.stringify([error.message, String(error.cause), error.stack, error]), new RegExp(token));
  return error;
}

test("a request is sent below the server's own path, with token, certificate and the patch's type", async (context) => {
  const seen: unknown[] = [];
  const { client, user, certificates } = await stand(context, (request, response) => {
    const peer = (request.socket as TLSSocket).getPeerCertificate();
    const body: Buffer[] = [];
    request.on("data", (piece: Buffer) => body.push(piece));
    request.on("end", () => {
      const { authorization, "content-type": type } = request.headers;
      seen.push([request.method, request.url, authorization, type, peer.subject?.CN, JSON.parse(Buffer.concat(body).toString() || "null")]);
      send(response, 200, { metadata: { name: "n" } });
    });
  });
  Object.assign(user, { "client-certificate": certificates.certificate, "client-key": certificates.key });
  const kubernetes = client();
  for (const patch of ["merge", "strategic-merge", "json", "apply"] as const) await kubernetes.patch("/api/v1/nodes/n", patch, { a: "ü" });
  await kubernetes.get("/version?x=y");
  const line = (type: string): unknown => ["PATCH", "/base/api/v1/nodes/n", `Bearer ${token}`, type, "127.0.0.1", { a: "ü" }];
  assert.deepEqual(seen, [
    line("application/merge-patch+json"),
    line("application/strategic-merge-patch+json"),
    line("application/json-patch+json"),
    line("application/apply-patch+yaml"),
    ["GET", "/base/version?x=y", `Bearer ${token}`, undefined, "127.0.0.1", null],
  ]);
});

test("hundreds of requests at once go over few connections, which stay", async (context) => {
  const { client, streams } = await stand(context, (_request, response) => void setTimeout(() => send(response, 200), 2));
  const kubernetes = client({ connections: 4 });
  await Promise.all(Array.from({ length: 200 }, () => kubernetes.request({ method: "GET", path: "/x" })));
  await kubernetes.request({ method: "GET", path: "/x" });
  assert.ok(streams() <= 4, `${streams()} streams`);
});

test("GET is asked again when the connection breaks or the server can't now; others are not, since they may have been done", async (context) => {
  const breaks: Answer = (request, response, count) => {
    if (count % 2 === 1) request.socket.destroy();
    else send(response, 200, { count });
  };
  const broken = await stand(context, breaks);
  assert.equal((await broken.client().request({ method: "GET", path: "/x" })).status, 200);
  for (const method of ["POST", "DELETE"] as const) {
    const fresh = await stand(context, breaks);
    const { code, message } = await failureOf(fresh.client().request({ method, path: "/x", body: {} }));
    assert.equal(code, "kubernetes-unreachable");
    assert.match(message, /^The cluster's API https:\/\/127\.0\.0\.1:\d+, asked from 127\.0\.0\.1, gave no answer: /);
    assert.equal(fresh.requests(), 1);
  }
  const busy = await stand(context, (_request, response, count) => send(response, count < 3 ? 503 : 200));
  assert.equal((await busy.client().request({ method: "GET", path: "/x" })).status, 200);
  const busyForWrites = await stand(context, (_request, response, count) => send(response, count < 2 ? 503 : 200));
  assert.equal((await busyForWrites.client().request({ method: "POST", path: "/x", body: {} })).status, 503);
});

test("every request that the server wants later is sent later, unless it wants it much later", async (context) => {
  for (const status of [409, 429, 503]) {
    const { client, requests } = await stand(context, (_request, response, count) =>
      send(response, count === 1 ? status : 201, {}, count === 1 ? { "retry-after": "0" } : {}),
    );
    assert.equal((await client().request({ method: "POST", path: "/x", body: {} })).status, 201);
    assert.equal(requests(), 2);
  }
  const never = await stand(context, (_request, response) => send(response, 429, {}, { "retry-after": "86400" }));
  assert.equal((await never.client().request({ method: "GET", path: "/x" })).status, 429);
});

test("a conflict without Retry-After is the caller's", async (context) => {
  const { client, requests } = await stand(context, (_request, response) => send(response, 409, { message: "changed" }));
  const answer = await client().request({ method: "PATCH", path: "/x", patch: "merge", body: {} });
  assert.deepEqual([answer, requests()], [{ status: 409, body: { message: "changed" } }, 1]);
});

test("a connection that was closed while idle costs no merge patch", async (context) => {
  const { client, requests } = await stand(context, (request, response, count) => {
    if (count === 2) request.socket.destroy();
    else send(response, 200, { metadata: { name: "n" } });
  });
  const kubernetes = client({ connections: 1 });
  await kubernetes.get("/x");
  await kubernetes.patch("/x", "merge", {});
  assert.equal(requests(), 3);
  const json = await stand(context, (request, response, count) => (count === 2 ? request.socket.destroy() : send(response, 200)));
  const other = json.client({ connections: 1 });
  await other.get("/x");
  await failureOf(other.request({ method: "PATCH", path: "/x", patch: "json", body: [] }));
});

test("an answer that does not come, or never ends, is given up", async (context) => {
  const silent = await stand(context, () => undefined);
  const { message } = await failureOf(silent.client({ timeout: 100 }).request({ method: "POST", path: "/x", body: {} }));
  assert.match(message, /no answer within 100 ms/);
  const half = await stand(context, (_request, response) => void response.writeHead(200).write("{"));
  assert.match((await failureOf(half.client({ timeout: 100 }).request({ method: "POST", path: "/x" }))).message, /no answer within 100 ms/);
  const endless = await stand(context, (_request, response) => {
    response.writeHead(200);
    const piece = Buffer.alloc(1 << 20, "x");
    const more = (): void => {
      while (!response.destroyed && response.write(piece));
    };
    response.on("drain", more);
    more();
  });
  assert.match((await failureOf(endless.client().request({ method: "POST", path: "/x" }))).message, /larger than 64 MiB/);
});

test("a connection that comes too late is given up, and closed", async () => {
  const late = new PassThrough();
  const slow = thisMachine({
    readFile: async () =>
      Buffer.from(`{"current-context":"x","contexts":[{"name":"x","context":{"cluster":"x","user":"x"}}],
      "clusters":[{"name":"x","cluster":{"server":"https://127.0.0.1"}}],"users":[{"name":"x","user":{"token":"${token}"}}]}`),
    openStream: () => new Promise((resolve) => void setTimeout(() => resolve(late), 60)),
  });
  const kubernetes = kubernetesOf(slow, { kubeconfig: "/k", timeout: 30 });
  const { message } = await failureOf(kubernetes.request({ method: "GET", path: "/x" }));
  assert.match(message, /no connection within 30 ms/);
  await sleep(60);
  assert.ok(late.destroyed);
});

test("a server with another authority, or another name, is not spoken to, and not asked again", async (context) => {
  const other = makeCertificates(temporaryFolder(context));
  const foreign = await stand(context, (_request, response) => send(response, 200));
  foreign.cluster["certificate-authority"] = other.authority;
  assert.equal((await failureOf(foreign.client().request({ method: "GET", path: "/x" }))).code, "kubernetes-unreachable");
  const misnamed = await stand(context, (_request, response) => send(response, 200));
  misnamed.cluster["tls-server-name"] = "kubernetes.default";
  assert.match((await failureOf(misnamed.client().request({ method: "GET", path: "/x" }))).message, /altnames|kubernetes\.default/);
  assert.deepEqual([foreign.requests(), foreign.streams(), misnamed.requests(), misnamed.streams()], [0, 1, 0, 1]);
});

test("a server whose certificate is not to be checked is refused unless that is asked for", async (context) => {
  const { client, cluster } = await stand(context, (_request, response) => send(response, 200));
  cluster["insecure-skip-tls-verify"] = true;
  delete cluster["certificate-authority"];
  assert.match((await failureOf(client().request({ method: "GET", path: "/x" }))).message, /insecure-skip-tls-verify/);
  assert.equal((await client({ insecure: true }).request({ method: "GET", path: "/x" })).status, 200);
});

test("a cancelled run ends what is under way and what waits", async (context) => {
  const { client } = await stand(context, (_request, response, count) => {
    if (count > 1) send(response, 503, {}, { "retry-after": "50" });
  });
  const abort = new AbortController();
  const kubernetes = client({ signal: abort.signal });
  const asked = [1, 2].map((path) => failureOf(kubernetes.request({ method: "GET", path: `/${path}` })));
  setTimeout(() => abort.abort(new TypeError("Ctrl-C")), 200);
  for (const error of await Promise.all(asked)) assert.equal(error.message, "Ctrl-C");
  assert.equal((await failureOf(kubernetes.request({ method: "GET", path: "/3" }))).message, "Ctrl-C");
});

test("a kubeconfig that is not there yet is looked for again by the next request", async (context) => {
  const { client } = await stand(context, (_request, response) => send(response, 200));
  const path = join(temporaryFolder(context), "admin.conf");
  let there = false;
  const kubernetes = kubernetesOf(
    thisMachine({
      readFile: async () => {
        if (!there) throw new TypeError("no such file");
        return Buffer.from("{}");
      },
    }),
    { kubeconfig: path },
  );
  assert.equal((await failureOf(kubernetes.listNodes())).code, "kubeconfig-missing");
  there = true;
  assert.equal((await failureOf(kubernetes.listNodes())).code, "kubeconfig-invalid");
  assert.equal((await client().request({ method: "GET", path: "/x" })).status, 200);
});

test("an answer that is no JSON is text, and a refusal gives the server's words", async (context) => {
  const { client } = await stand(context, (request, response) =>
    request.url?.endsWith("readyz") ? void response.end("ok") : send(response, 403, { message: "nodes is forbidden" }),
  );
  assert.deepEqual(await client().request({ method: "GET", path: "/readyz" }), { status: 200, body: "ok" });
  assert.match((await failureOf(client().listNodes())).message, /403: nodes is forbidden/);
});

test("a path can't become another request", async (context) => {
  const { client, requests } = await stand(context, (_request, response) => send(response, 200));
  for (const path of ["", "api", "/a b", "/a\r\nx: y", "//evil\u0000", "https://evil/"]) {
    assert.equal((await failureOf(client().request({ method: "GET", path }))).code, "kubernetes-path-invalid", path);
  }
  assert.equal(requests(), 0);
});
