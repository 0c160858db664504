import { Argument, type Command } from "commander";
import { connectServer, connectTeam, type TeamConnection } from "../connect.ts";
import { cliErrors } from "../errors.ts";
import { type OutputOptions, parseTarget, type TeamOptions, withExamples, withOutput, withTeam } from "../options.ts";
import { paint, stateStyle } from "../output/paint.ts";
import { print } from "../output/print.ts";
import { componentTable } from "../output/show-application.ts";
import { ageOf, formatTable } from "../output/table.ts";

type GetOptions = TeamOptions & OutputOptions;

interface Listing {
  readonly value: unknown;
  readonly text: () => string;
}

/** What can be listed; the second word narrows it down. */
const listers: Readonly<Record<string, (api: TeamConnection, name: string | undefined, options: GetOptions) => Promise<Listing>>> = {
  applications: async (api, name) => {
    const value = name === undefined ? await api.applications() : [await api.application(name)];
    return {
      value,
      text: () =>
        formatTable(
          [
            { title: "application", cell: (row) => row.name },
            { title: "components", cell: (row) => row.components.map((each) => `${each.name} ${paintState(each.state)}`).join(", ") },
            { title: "age", cell: (row) => ageOf(row.createdAt) },
          ],
          value,
        ),
    };
  },
  components: async (api, name) => {
    const names = name === undefined ? (await api.applications()).map((application) => application.name) : [name];
    const value = (await Promise.all(names.map((application) => api.components(application)))).flat();
    return { value, text: () => componentTable(value) };
  },
  plugins: async (api, name) => {
    const value = name === undefined ? await api.plugins() : [await api.plugin(name)];
    return {
      value,
      text: () =>
        formatTable(
          [
            { title: "plug-in", cell: (row) => row.name },
            { title: "layer", cell: (row) => row.layer },
            { title: "versions", cell: (row) => row.versions.map((each) => `${each.version} ${paintState(each.state)}`).join(", ") },
            { title: "description", cell: (row) => row.description },
          ],
          value,
        ),
    };
  },
  installations: async (api, name) => {
    const value =
      name === undefined
        ? (await Promise.all((await api.applications()).map((each) => api.components(each.name))))
            .flat()
            .flatMap((each) => each.installations)
        : await api.installations(parseTarget(name));
    return {
      value,
      text: () =>
        formatTable(
          [
            { title: "target", cell: (row) => `${row.application}/${row.component}` },
            { title: "plug-in", cell: (row) => `${row.plugin}@${row.version}` },
            { title: "state", cell: (row) => paintState(row.state) },
            { title: "failures", cell: (row) => String(row.failures) },
            { title: "origin", cell: (row) => row.origin },
            { title: "reason", cell: (row) => row.reason ?? "" },
          ],
          value,
        ),
    };
  },
  revisions: async (api, name) => {
    const [application = "", component = "", plugin = ""] = (name ?? "").split("/");
    if (plugin === "") throw cliErrors["revisions-of"]({ found: name ?? "nothing" });
    const value = await api.revisions({ application, component }, plugin);
    return {
      value,
      text: () =>
        formatTable(
          [
            { title: "revision", cell: (row) => String(row.number) },
            { title: "age", cell: (row) => ageOf(row.createdAt) },
            { title: "author", cell: (row) => row.author },
            { title: "version", cell: (row) => row.version },
            { title: "same as", cell: (row) => (row.rolledBackTo === undefined ? "" : String(row.rolledBackTo)) },
            { title: "values", cell: (row) => JSON.stringify(row.values) },
          ],
          value,
        ),
    };
  },
  builds: async (api, name) => {
    const value = name === undefined ? await api.builds() : [await api.build(name)];
    return {
      value,
      text: () =>
        formatTable(
          [
            { title: "build", cell: (row) => row.id },
            { title: "subject", cell: (row) => row.subject },
            { title: "state", cell: (row) => paintState(row.state) },
            { title: "age", cell: (row) => ageOf(row.createdAt) },
            { title: "reason", cell: (row) => row.reason ?? "" },
          ],
          value,
        ),
    };
  },
  server: async (_api, _name, options) => {
    const value = await connectServer(options).about();
    return {
      value,
      text: () =>
        formatTable(
          [
            { title: "version", cell: (row) => row.version },
            { title: "node", cell: (row) => row.node },
            { title: "engine", cell: (row) => `${row.engine.ok ? "" : "down: "}${row.engine.detail}` },
          ],
          [value],
        ),
    };
  },
};

export function define(command: Command): void {
  withOutput(withTeam(command))
    .addArgument(new Argument("<kind>", "what to list").choices(Object.keys(listers)))
    .argument(
      "[name]",
      "one of them; for components the application, for installations APPLICATION/COMPONENT, for revisions APPLICATION/COMPONENT/PLUGIN",
    )
    .action(get);
  withExamples(
    command,
    "get applications",
    "get components shop",
    "get installations shop/web -o json",
    "get revisions shop/web/log-collector",
    "get builds --team blue",
  );
}

async function get(kind: string, name: string | undefined, options: GetOptions): Promise<void> {
  const listing = await listers[kind]?.(connectTeam(options), name, options);
  if (listing !== undefined) await print(options.output, listing.value, listing.text);
}

function paintState(state: string): string {
  return paint(stateStyle(state), state);
}
