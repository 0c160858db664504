import type { PlainProblem } from "@outrigger/plugin";
import { addressNumber, parseRange } from "../../files/addresses.ts";
import type { ClusterPlugin } from "../../model/cluster-plugin.ts";
import { firstMaster, type Host } from "../../model/host.ts";
import { dataProblem } from "./common-problems.ts";
import { renderText } from "./render-data.ts";

/** One line of data, `IPS WORDS`, that is neither blank nor a comment. */
export interface DataLine {
  /** 1-based, in the data. */
  readonly number: number;
  /** Of the cluster, each once. */
  readonly hosts: readonly Host[];
  /** What follows the addresses; spaces around commas are gone. */
  readonly words: readonly string[];
}

export interface ReadLines {
  readonly lines: readonly DataLine[];
  readonly problems: readonly PlainProblem[];
}

/**
 * The lines of data that names hosts: an address, addresses joined by commas, or ranges `A-B`, then words. `#` begins a comment at the beginning of a line and
 * after a space.
 *
 * @param form how a line looks, for messages
 */
export function readDataLines(plugin: ClusterPlugin, hosts: readonly Host[], form: string): ReadLines {
  if (typeof plugin.data !== "string") {
    const code = plugin.data === undefined ? "missing-key" : "wrong-type";
    return { lines: [], problems: [dataProblem(code, `The data of ${plugin.type} is text with lines \`${form}\`.`, "Write `data: |`.")] };
  }
  const rendered = renderText(plugin, "data", firstMaster(hosts)?.env ?? {});
  if (rendered.text === undefined) return { lines: [], problems: [rendered.problem] };
  const [lines, problems]: [DataLine[], PlainProblem[]] = [[], []];
  for (const [index, line] of rendered.text.split(/\r\n|\r|\n/).entries()) {
    const [addresses, ...words] = line
      .replace(/(^|\s)#.*$/, "")
      .replace(/\s*,\s*/g, ",")
      .trim()
      .split(/\s+/);
    if (addresses === undefined || addresses === "") continue;
    const found = hostsNamed(addresses, hosts);
    if (typeof found === "string") {
      problems.push(dataProblem("unknown-reference", `Line ${index + 1} of the data: ${found}`, `Lines are \`${form}\`.`));
    } else if (words.length === 0) {
      problems.push(dataProblem("wrong-value", `Line ${index + 1} of the data ends after the address.`, `Lines are \`${form}\`.`));
    } else {
      lines.push({ number: index + 1, hosts: found, words });
    }
  }
  if (lines.length === 0 && problems.length === 0) {
    problems.push(dataProblem("wrong-value", "The data has no line that says anything.", `Lines are \`${form}\`.`));
  }
  return { lines, problems };
}

/** @returns the hosts, or what is wrong */
function hostsNamed(text: string, hosts: readonly Host[]): readonly Host[] | string {
  const found = new Set<Host>();
  for (const term of text.split(",")) {
    const [from = "", to = from, more] = term.split("-");
    if (more !== undefined || addressNumber(from) === undefined) return `"${term}" is neither an address nor a range A-B.`;
    const range = parseRange(from, to);
    if ("problem" in range) return range.problem;
    const inside = range.from === range.to ? hosts.filter(({ ip }) => ip === range.from) : hosts.filter(isWithin(range));
    if (inside.length === 0) return term.includes("-") ? `No host of the cluster is in ${term}.` : `${term} is no host of the cluster.`;
    for (const host of inside) found.add(host);
  }
  return [...found];
}

function isWithin({ from, to }: { readonly from: string; readonly to: string }): (host: Host) => boolean {
  const [first, last] = [addressNumber(from), addressNumber(to)];
  return ({ ip }) => {
    const address = addressNumber(ip);
    if (address === undefined || first === undefined || last === undefined || address.family !== first.family) return false;
    return first.number <= address.number && address.number <= last.number;
  };
}
