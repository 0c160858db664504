import type { ManagedPlugin } from "@outrigger/driver";
import { ageOf, formatTable } from "../output/table.ts";

/** The table of `driver ls`. An engine knows no more than on and off. */
export function pluginTable(plugins: readonly ManagedPlugin[]): string {
  return formatTable(
    [
      { title: "name", cell: ({ Name }) => Name },
      { title: "id", cell: ({ Id }) => Id.slice(0, 12) },
      { title: "state", cell: ({ Enabled, Outrigger }) => Outrigger?.state ?? (Enabled ? "enabled" : "disabled") },
      { title: "interfaces", cell: ({ Config }) => (Config.Interface.Types ?? []).map(shortType).join(", ") },
      { title: "since", cell: ({ Outrigger }) => (Outrigger?.startedAt === undefined ? "" : ageOf(Outrigger.startedAt)) },
      { title: "in use", cell: ({ Outrigger }) => (Outrigger === undefined ? "" : String(Outrigger.inUse)) },
      { title: "reason", cell: reasonOf },
    ],
    plugins,
  );
}

/** `docker.volumedriver/1.0` -> `volumedriver`; engines give types as objects in some versions. */
function shortType(type: unknown): string {
  return String(type)
    .replace(/^docker\./, "")
    .replace(/\/1\.0$/, "");
}

function reasonOf({ Outrigger }: ManagedPlugin): string {
  if (Outrigger?.reason === undefined) return "";
  const { reason, failures, nextStart } = Outrigger;
  const next = nextStart === undefined ? "" : `, next start at ${nextStart}`;
  return failures > 1 ? `${reason} (${failures} times in a row${next})` : reason;
}
