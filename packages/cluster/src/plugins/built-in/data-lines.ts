import { isIP } from "node:net";
import type { PlainProblem } from "@outrigger/plugin";
import ipaddr from "ipaddr.js";
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
      problems.push(dataProblem("unknown-reference", `Line ${index + 1} of the data: ${found}.`, `Lines are \`${form}\`.`));
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
    if (more !== undefined || isIP(from) === 0 || isIP(to) === 0) return `"${term}" is neither an address nor a range A-B`;
    const [low, high] = [ipaddr.process(from), ipaddr.process(to)];
    if (low.kind() !== high.kind()) return `the range "${term}" begins and ends in different families`;
    if (compare(low, high) > 0) return `the range "${term}" ends before it begins`;
    const inside = hosts.filter(({ ip }) => {
      const address = ipaddr.parse(ip);
      return address.kind() === low.kind() && compare(low, address) <= 0 && compare(address, high) <= 0;
    });
    if (inside.length === 0) return term.includes("-") ? `no host of the cluster is in "${term}"` : `${term} is no host of the cluster`;
    for (const host of inside) found.add(host);
  }
  return [...found];
}

type Address = ipaddr.IPv4 | ipaddr.IPv6;

function compare(one: Address, other: Address): number {
  return Buffer.compare(Buffer.from(one.toByteArray()), Buffer.from(other.toByteArray()));
}
