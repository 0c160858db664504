import { randomUUID } from "node:crypto";
import { type AuthzPlugin, type AuthzRequest, allow, deny, type Logger } from "@outrigger/sdk/driver";
import { describeRequest } from "./audit/describe.ts";
import { OpenRequests, rounded } from "./audit/open-requests.ts";
import { Trail, type TrailOptions } from "./audit/trail.ts";
import { readTarget, type Target } from "./request/target.ts";
import { judge, type Verdict } from "./rules/judge.ts";
import { RulesFile, type RulesState } from "./rules/rules-file.ts";

export interface AuditAuthzOptions {
  readonly rules: string;
  readonly trail: TrailOptions;
  /** Of bodies, e.g. `HostConfig.Binds`. */
  readonly fields: readonly string[];
  /** Whether requests are refused while the trail can't be written. */
  readonly required: boolean;
  readonly log: Logger;
}

export function auditAuthz({ rules, trail: trailOptions, fields, required, log }: AuditAuthzOptions): AuthzPlugin {
  const file = new RulesFile(rules, (state) => tell(state, log));
  const trail = new Trail(trailOptions);
  const open = new OpenRequests();
  const write = (line: Readonly<Record<string, unknown>>): boolean => {
    try {
      trail.write({ time: new Date().toISOString(), ...line });
      return true;
    } catch (error) {
      log.error("the trail can't be written", { error: String(error) });
      return !required;
    }
  };
  return {
    request(request) {
      const begun = performance.now();
      const target = readTarget(request.uri);
      const { allow: allowed, rule, reason } = verdictOf(file.current(), request, target);
      const id = randomUUID();
      const written = write({
        event: "request",
        id,
        ...describeRequest(request, target, fields),
        decision: allowed ? "allow" : "deny",
        ...(rule === undefined ? {} : { rule }),
        ...(reason === undefined ? {} : { reason }),
        duration: rounded(performance.now() - begun),
      });
      if (!allowed) return deny(`${rule === undefined ? "" : `${rule}: `}${reason ?? ""}`);
      if (!written) return deny("the audit trail can't be written");
      open.begin(keyOf(request), id);
      return allow;
    },
    response(request) {
      const ended = open.end(keyOf(request));
      const { method, uri } = request;
      const path = readTarget(uri)?.path;
      write({ event: "answer", ...ended, method, ...(path === undefined ? {} : { path }), status: request.response.status });
      // What is done is done: keeping the answer would only hide it.
      return allow;
    },
    close: () => trail.close(),
  };
}

function verdictOf(state: RulesState, request: AuthzRequest, target: Target | undefined): Verdict {
  if (state.kind === "none") return { allow: true };
  if (state.kind === "broken") return { allow: false, reason: `the file of rules has mistakes, so nothing is allowed: ${state.reason}` };
  if (target === undefined) return { allow: false, reason: "its path can be read in more than one way" };
  return judge(state.rules, request, target);
}

function tell(state: RulesState, log: Logger): void {
  if (state.kind === "broken") log.error("the file of rules has mistakes; everything is refused", { reason: state.reason });
  else if (state.kind === "none") log.info("there is no file of rules; everything is allowed and written down");
  else log.info("rules hold", { rules: state.rules.length });
}

function keyOf({ user = "", method, uri }: AuthzRequest): string {
  return JSON.stringify([user, method, uri]);
}
