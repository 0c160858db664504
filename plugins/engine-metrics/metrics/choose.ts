import { matchesAny } from "@outrigger/sdk";
import { driverError } from "@outrigger/sdk/driver";

/** What of the engine's metrics is offered, and under which names. */
export interface Choice {
  /** What all names begin with; may be empty. */
  readonly prefix: string;
  /** Patterns (`*`, `?`) of the names that engines give. */
  readonly keep: readonly string[];
  readonly drop: readonly string[];
}

const comment = /^# (HELP|TYPE) ([a-zA-Z_:][a-zA-Z0-9_:]*)(.*)$/;
const sample = /^([a-zA-Z_:][a-zA-Z0-9_:]*)((?:\{.*\})?\s+\S+(?:\s+-?[0-9]+)?)$/;
/** Of histograms and summaries: their samples are of one metric. */
const partOf = /_(?:bucket|sum|count)$/;

/** The metrics of Prometheus' text format that are wanted, renamed. @throws DriverError where a line is none of the format */
export function chooseMetrics(text: string, { prefix, keep, drop }: Choice): string {
  let metric = "";
  const wanted = (): boolean => matchesAny(metric, keep) && !matchesAny(metric, drop);
  const lines = text.split("\n").flatMap((line) => {
    const [, kind, described, rest = ""] = comment.exec(line) ?? [];
    if (described !== undefined) {
      metric = described;
      return wanted() ? [`# ${kind} ${prefix}${metric}${rest}`] : [];
    }
    if (line === "" || line.startsWith("#")) return [];
    const [, name, value = ""] = sample.exec(line) ?? [];
    if (name === undefined) throw driverError(`the engine gives something else than metrics: ${JSON.stringify(line.slice(0, 100))}`);
    if (name !== metric && name.replace(partOf, "") !== metric) metric = name;
    return wanted() ? [`${prefix}${name}${value}`] : [];
  });
  return lines.map((line) => `${line}\n`).join("");
}
