import type { HostPlace, Rules } from "../rules/rules.ts";
import { cleanPath, isWithin, overlap, type ResolvePath } from "./host.ts";
import { listed, shown, type Violations } from "./violation.ts";

/** A place of the host that a container is to see. */
export interface Bind {
  readonly source: string;
  /** True where nothing below it can be written either. */
  readonly readOnly: boolean;
  readonly propagation: string;
}

/** Is the place of the host allowed, by its words and by where it really leads? */
export function* judgeBind(rules: Rules, bind: Bind, resolve: ResolvePath): Violations {
  const { allow, deny, propagation } = rules.binds;
  const { source } = bind;
  if (!source.startsWith("/") || source.includes("\0")) {
    yield { rule: "binds", message: `${shown(source)} is no absolute path on the host.` };
    return;
  }
  const follow = rules.binds.resolve ? resolve : (path: string) => path;
  const clean = cleanPath(source);
  const real = follow(clean);
  if (real === null) {
    const hint = "Name a path without symbolic links, or let the policy plug-in run as root so that it can follow them.";
    yield { rule: "binds", message: `Nobody can say where ${shown(source)} leads on the host.`, hint };
    return;
  }
  const denied = deny.find((place) =>
    [clean, real].some((path) => [place, follow(place)].some((each) => each !== null && overlap(path, each))),
  );
  if (denied !== undefined) {
    yield { rule: "binds", message: `${where(source, real)} gives ${denied} of the host, which no container may have.` };
    return;
  }
  const places = allow.filter((place) => isIn(clean, place, follow) && isIn(real, place, follow));
  if (places.length === 0) {
    const allowed = listed(allow.map(({ path }) => path));
    yield {
      rule: "binds",
      message: `${where(source, real)} of the host is not allowed; allowed: ${allowed}.`,
      hint: "Use a volume instead.",
    };
  } else if (!bind.readOnly && places.every((place) => place.readOnly)) {
    yield {
      rule: "binds",
      message: `${shown(source)} of the host may only be mounted read-only.`,
      hint: "Add `ro`, with nothing below it left writable.",
    };
  }
  if (bind.propagation !== "" && !propagation.includes(bind.propagation)) {
    yield { rule: "binds", message: `The propagation ${bind.propagation} is not allowed; allowed: ${listed(propagation)}.` };
  }
}

function isIn(path: string, place: HostPlace, follow: ResolvePath): boolean {
  return [cleanPath(place.path), follow(cleanPath(place.path))].some(
    (each) => each !== null && (place.below ? isWithin(path, each) : path === each),
  );
}

function where(source: string, real: string): string {
  return cleanPath(source) === real ? source : `${source} (which is ${real})`;
}
