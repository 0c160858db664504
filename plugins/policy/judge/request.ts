import { type CheckInputs, matchesAny } from "@outrigger/sdk";
import type { Rules } from "../rules/rules.ts";
import { first } from "./container.ts";
import { isFree, judgeImageName } from "./images.ts";
import { listed, shown, type Violation, type Violations } from "./violation.ts";

type Request = CheckInputs["api.request"];

/** Parameters of a build (moby, api/server/router/build). A new one might grant anything. */
const buildParameters: readonly string[] = [
  ...["buildargs", "buildid", "cachefrom", "cgroupparent", "cpuperiod", "cpuquota", "cpusetcpus", "cpusetmems", "cpushares", "dockerfile"],
  ...["extrahosts", "forcerm", "isolation", "labels", "memory", "memswap", "networkmode", "nocache", "outputs", "platform", "pull", "q"],
  ...["remote", "rm", "securityopt", "session", "shmsize", "squash", "t", "target", "ulimits", "version"],
];

/** The first rule that a request breaks by its route, its version or its query. */
export function judgeRequest(rules: Rules, request: Request): Violation | undefined {
  return first(requestViolations(rules, request));
}

function* requestViolations(rules: Rules, request: Request): Violations {
  const { route, version, method, path } = request;
  if (version !== null && isOlder(version, rules.apiVersions.from)) {
    yield {
      rule: "apiVersions",
      message: `The API ${version} is too old; ${rules.apiVersions.from} is the oldest allowed.`,
      hint: "Use a newer client.",
    };
  }
  if (route === null) {
    if (!matchesAny(path, rules.routes.unknown))
      yield { rule: "routes", message: `${method} ${path} is no request that this policy knows.` };
    return;
  }
  if (matchesAny(route, rules.routes.closed)) {
    const hint = route === "grpc" ? "Build with DOCKER_BUILDKIT=0, or with a client that sends builds to /build." : undefined;
    yield { rule: "routes", message: `${route} (${method} ${path}) is closed.`, ...(hint === undefined ? {} : { hint }) };
  }
  if (route === "container.start" && valuesOf(request, "checkpoint-dir").some((value) => value !== "")) {
    yield { rule: "routes", message: "A container can't be started from a checkpoint in a folder of the host." };
  }
  if (route === "build") yield* judgeBuild(rules, request);
  yield* judgeNames(rules, request);
}

function* judgeBuild(rules: Rules, { query }: Request): Violations {
  const strange = query.map(([name]) => name).find((name) => !buildParameters.includes(name) && !matchesAny(`build.${name}`, rules.fields));
  if (strange !== undefined) {
    yield {
      rule: "fields",
      message: `This policy does not know the build's parameter ${shown(strange)}.`,
      hint: `Name build.${strange} in the policy's rule \`fields\`.`,
    };
  }
}

/** Names that requests give to images. */
function* judgeNames(rules: Rules, request: Request): Violations {
  if (isFree(rules)) return;
  switch (request.route) {
    case "build":
      for (const name of [...valuesOf(request, "t"), ...outputNames(request)]) yield* judgeImageName(rules, name);
      return;
    case "image.tag":
    case "commit":
      yield* judgeImageName(rules, tagged(request));
      return;
    case "image.pull":
      // An import: what is in it comes from the client or from anywhere.
      if (valuesOf(request, "fromSrc").some((source) => source !== "")) yield* judgeImageName(rules, tagged(request));
      return;
    case "image.load":
      if (rules.images.make?.includes("*") === true) return;
      yield {
        rule: "images",
        message: "Images can't be loaded here, since they bring their own names.",
        hint: `Allowed are: ${listed(rules.images.allow)}.`,
      };
  }
}

/** The first value counts, as in Go's url.Values.Get. */
function tagged(request: Request): string {
  const [repository = ""] = valuesOf(request, "repo");
  const [tag = ""] = valuesOf(request, "tag");
  return tag === "" || repository === "" ? repository : `${repository}:${tag}`;
}

/** BuildKit's exporters take names beside `t`. */
function outputNames(request: Request): readonly string[] {
  return valuesOf(request, "outputs").flatMap((text) => {
    try {
      const outputs: unknown = JSON.parse(text === "" ? "[]" : text, (key, value: unknown) =>
        key.toLowerCase() === "name" ? { named: value } : value,
      );
      return namesIn(outputs);
    } catch {
      return [text];
    }
  });
}

function namesIn(value: unknown): readonly string[] {
  if (typeof value !== "object" || value === null) return [];
  if ("named" in value) return String(value.named).split(",");
  return Object.values(value).flatMap(namesIn);
}

function valuesOf({ query }: Request, name: string): readonly string[] {
  return query.filter(([key]) => key === name).map(([, value]) => value);
}

/** Compares numbers part by part, as the engine does; what is no number counts as 0. */
function isOlder(version: string, than: string): boolean {
  const parts = (text: string): readonly number[] => text.split(".").map((part) => (/^\d+$/.test(part) ? Number(part) : 0));
  const [a, b] = [parts(version), parts(than)];
  for (let index = 0; index < Math.max(a.length, b.length); index++) {
    const difference = (a[index] ?? 0) - (b[index] ?? 0);
    if (difference !== 0) return difference < 0;
  }
  return false;
}
