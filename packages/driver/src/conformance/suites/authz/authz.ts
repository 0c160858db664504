import type { Check } from "../../check.ts";
import type { Probe } from "../../probe.ts";
import type { Exchange } from "../../wire/wire.ts";
import { certificate } from "./certificate.ts";

const together = 32;
const bigBody = 4 * 1024 * 1024;

/** AuthZReq as recorded: fields without a value are left away, bodies are base64. */
export interface AuthzRequest {
  readonly User?: string;
  readonly UserAuthNMethod?: string;
  readonly RequestMethod: string;
  readonly RequestUri: string;
  readonly RequestBody?: string;
  readonly RequestHeaders?: Readonly<Record<string, string>>;
  readonly RequestPeerCertificates?: readonly string[];
}

const look: AuthzRequest = {
  RequestMethod: "GET",
  RequestUri: "/v1.41/containers/json",
  RequestHeaders: { "User-Agent": "Docker-Client/20.10.24+dfsg1 (linux)" },
};

const create: AuthzRequest = {
  RequestMethod: "POST",
  RequestUri: "/v1.41/containers/create?name=conformance",
  RequestBody: base64(
    `${JSON.stringify({ Image: "debian:bookworm-slim", Cmd: ["true"], HostConfig: { Privileged: true, Binds: ["/:/host"] } })}\n`,
  ),
  RequestHeaders: { "Content-Length": "110", "Content-Type": "application/json", "User-Agent": "Docker-Client/20.10.24+dfsg1 (linux)" },
};

const answered = {
  ...look,
  ResponseStatusCode: 200,
  ResponseBody: base64("[]\n"),
  ResponseHeaders: { "Content-Type": "application/json" },
};

export const authzChecks: readonly Check[] = [
  {
    id: "authz.request",
    level: "MUST",
    title: "AuthZReq answers the boolean Allow.",
    because:
      "The engine asks before every request of its API. Docker's documentation shows Allow as a string: \"true\" can't be decoded, and every request fails (all versions).",
    mend: 'Answer {"Allow":true} or {"Allow":false,"Msg":"why"}.',
    run: async (probe) => {
      for (const request of [look, create]) await decided(probe, "AuthZReq", request);
    },
  },
  {
    id: "authz.response",
    level: "MUST",
    title: "AuthZRes answers the boolean Allow.",
    because: "The engine asks once more before it gives its answer to the client (all versions).",
    mend: 'Answer {"Allow":true}.',
    run: async (probe) => {
      await decided(probe, "AuthZRes", answered);
    },
  },
  {
    id: "authz.fields-missing",
    level: "MUST",
    title: "Requests without User, RequestHeaders and RequestBody are decided.",
    because: "Every field without a value is left away: over a unix socket there is never a User (all versions).",
    mend: "Read a missing field as an empty one.",
    run: async (probe) => {
      await decided(probe, "AuthZReq", { RequestMethod: "GET", RequestUri: "/_ping" });
      await decided(probe, "AuthZRes", { RequestMethod: "GET", RequestUri: "/_ping" });
    },
  },
  {
    id: "authz.certificates",
    level: "MUST",
    title: "Requests with User, UserAuthNMethod and RequestPeerCertificates are decided.",
    because: "An engine with TLS sends the client certificate's name and its chain, each as base64 of PEM (all versions).",
    mend: "RequestPeerCertificates is a list of strings.",
    run: async (probe) => {
      await decided(probe, "AuthZReq", { ...look, User: "alice", UserAuthNMethod: "TLS", RequestPeerCertificates: [base64(certificate)] });
    },
  },
  {
    id: "authz.big-body",
    level: "MUST",
    title: `A request with a body of ${bigBody / 1024 / 1024} MiB is decided.`,
    because:
      "The engine passes bodies of up to 4 MiB (more is refused from 29.3.1 on; before, the driver was asked without the body: CVE-2026-34040).",
    mend: "Take requests of 6 MiB: base64 adds a third.",
    run: async (probe) => {
      const body = base64(`${JSON.stringify({ Image: "x", Labels: { big: "x".repeat(bigBody - 64) } })}\n`);
      await decided(probe, "AuthZReq", { ...create, RequestBody: body });
    },
  },
  {
    id: "authz.same-time",
    level: "MUST",
    title: `${together} requests at the same time are all decided.`,
    because: "The engine asks for every request of every client by itself (all versions).",
    mend: "Don't decide one request after the other.",
    run: async (probe) => {
      await Promise.all(Array.from({ length: together }, () => decided(probe, "AuthZReq", look, { fresh: true })));
    },
  },
  {
    id: "authz.retry-empty-body",
    level: "MUST",
    title: "A request without a body is not allowed.",
    because:
      "When a kept connection breaks, the engine asks again with Content-Length: 0 (20.10 to 29): what is allowed then is a request that nobody has looked at.",
    mend: 'Answer {"Allow":false,"Err":"the request is empty"}.',
    run: async (probe) => {
      for (const method of ["AuthZReq", "AuthZRes"]) await notAllowed(probe, await probe.ask(`AuthZPlugin.${method}`));
    },
  },
  {
    id: "authz.malformed",
    level: "MUST",
    title: "A request that can't be read is not allowed.",
    because: "A guard that fails must stay shut.",
    mend: "Deny in the handler of every error.",
    run: async (probe) => {
      for (const text of ['{"RequestMethod":', "[]\n", "null\n"])
        await notAllowed(probe, await probe.ask("AuthZPlugin.AuthZReq", undefined, { text }));
    },
  },
  {
    id: "authz.path-variants",
    level: "SHOULD",
    title: "A request is decided the same with the API's version in its path, with another one, and without.",
    because: "RequestUri is what the client sent, and the engine serves every form of it (all versions).",
    mend: "Take the version off the path before it is compared, and decode percent escapes.",
    run: async (probe) => {
      for (const uri of ["/containers/create", "/v1.24/containers/create", "/v1.41/containers/create?name=x"]) {
        const first = await decided(probe, "AuthZReq", create);
        const second = await decided(probe, "AuthZReq", { ...create, RequestUri: uri });
        probe.expect(first === second, `Allow ${first}, as for ${create.RequestUri}`, `for ${uri} it is ${second}`);
      }
    },
  },
  {
    id: "authz.reason",
    level: "SHOULD",
    title: "A request that is denied is told why, in Msg.",
    because: "The client sees `authorization denied by plugin NAME: Msg`.",
    mend: "Give Msg with every Allow:false.",
    run: async (probe) => {
      for (const request of [look, create]) {
        const { error, value } = probe.verdict(await probe.ask("AuthZPlugin.AuthZReq", request));
        if (error === undefined && value.get("Allow") !== true) probe.expect(probe.text(value, "Msg") !== "", "Msg", "there is none");
      }
    },
  },
];

/** Asks, and gives what the engine reads: Allow; true beside an Err is refused here, since the engine passes over Err then. */
async function decided(probe: Probe, method: string, request: object, options: Parameters<Probe["ask"]>[2] = {}): Promise<boolean> {
  const exchange = await probe.ask(`AuthZPlugin.${method}`, request, options);
  const { error, value } = probe.verdict(exchange);
  const allow = value.get("Allow");
  const text = exchange.answer?.text ?? "";
  probe.expect(
    !(error !== undefined && exchange.answer?.head.status === 200 && /"allow"\s*:\s*true/i.test(text)),
    "no Err beside Allow:true",
    "there is one, and the engine does not look at it",
    exchange,
  );
  probe.expect(error === undefined, "a decision", `the engine reads the error ${JSON.stringify(error)}`, exchange);
  probe.expect(
    typeof allow === "boolean",
    "Allow to be true or false",
    `it is ${allow === undefined ? "not there" : JSON.stringify(allow)}`,
    exchange,
  );
  return allow === true;
}

async function notAllowed(probe: Probe, exchange: Exchange): Promise<void> {
  const allowed = exchange.answer?.head.status === 200 && /"allow"\s*:\s*true/i.test(exchange.answer.text);
  probe.expect(!allowed, "an error, or Allow:false", "it is allowed", exchange);
}

function base64(text: string): string {
  return Buffer.from(text).toString("base64");
}
