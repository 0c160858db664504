import type { ApplicationResource, ComponentResource, InstallationResource } from "@outrigger/server";
import type { Command } from "commander";
import { connectTeam, type TeamConnection } from "../connect.ts";
import { type OutputOptions, parseTarget, type TeamOptions, withExamples, withOutput, withTeam } from "../options.ts";
import { paint, stateStyle } from "../output/paint.ts";
import { print, toYaml } from "../output/print.ts";
import { componentTable, containerState, type containersOf, publishedUrls } from "../output/show-application.ts";
import { formatFields, formatTable } from "../output/table.ts";

type ContainerRow = ReturnType<typeof containersOf>[number] & { readonly pod: string };
type DescribeOptions = TeamOptions & OutputOptions;

export function define(command: Command): void {
  withOutput(withTeam(command))
    .description("Shows an application (shop), a component (shop/web) or an installation (shop/web/log-collector) in full.")
    .argument("<target>", "APPLICATION, APPLICATION/COMPONENT or APPLICATION/COMPONENT/PLUGIN")
    .action(describe);
  withExamples(command, "describe shop", "describe shop/web", "describe shop/web/log-collector -o yaml");
}

async function describe(target: string, options: DescribeOptions): Promise<void> {
  const api = connectTeam(options);
  const [application = "", component, plugin] = target.split("/");
  if (component === undefined) return describeApplication(api, application, options);
  if (plugin === undefined) return describeComponent(api, target, options);
  const installation = await api.installation({ application, component }, plugin);
  const text = await installationText(installation);
  await print(options.output, installation, () => text);
}

async function describeApplication(api: TeamConnection, name: string, options: DescribeOptions): Promise<void> {
  const application: ApplicationResource = await api.application(name);
  const components = await api.components(name);
  await print(options.output, { ...application, components }, () => {
    const head = formatFields([
      ["application", application.name],
      ["team", application.team],
      ["created", application.createdAt],
      ["published", publishedUrls(components).join(", ")],
    ]);
    return `${head}\n\n${componentTable(components)}`;
  });
}

async function describeComponent(api: TeamConnection, target: string, options: DescribeOptions): Promise<void> {
  const component = await api.component(parseTarget(target));
  const installations = await Promise.all(component.installations.map(installationText));
  await print(options.output, component, () => componentText(component, installations));
}

function componentText(component: ComponentResource, installations: readonly string[]): string {
  const { status, spec } = component;
  const head = formatFields([
    ["component", `${component.application}/${component.name}`],
    ["team", component.team],
    ["state", paint(stateStyle(status.state), status.state)],
    ["reason", status.reason],
    ["up to date", status.upToDate ? "yes" : "no: a change is under way"],
    ["image", spec.image ?? component.image ?? "not built yet"],
    [
      status.pods.length === 1 ? "pod" : "pods",
      status.pods.map(({ name, ip }) => `${name}${ip === undefined ? "" : ` (${ip})`}`).join(", "),
    ],
    ["ports", spec.ports.map(({ port, protocol }) => `${port}/${protocol}`).join(", ")],
    ["published", publishedUrls([component]).join(", ")],
    ["volumes", spec.volumes.map(({ name, path }) => `${name} at ${path}`).join(", ")],
    ["depends on", spec.dependsOn.join(", ")],
  ]);
  const containers = formatTable(
    [
      ...(status.pods.length === 1 ? [] : [{ title: "pod", cell: (row: ContainerRow) => row.pod }]),
      { title: "container", cell: (row) => row.name },
      { title: "role", cell: (row) => row.role },
      { title: "plug-in", cell: (row) => row.plugin ?? "" },
      { title: "state", cell: containerState },
      { title: "restarts", cell: (row) => String(row.restarts) },
      { title: "reason", cell: (row) => row.reason ?? "" },
    ],
    status.pods.flatMap(({ name, containers }): ContainerRow[] => containers.map((container) => ({ ...container, pod: name }))),
  );
  return [head, containers, ...installations].join("\n\n");
}

/** Which revision a pod has, since when, and why not the newest. */
function settingsText({ pod, by, revision, at, problem }: InstallationResource["settings"][number]): string {
  return `${pod} has revision ${revision} by ${by} since ${at}${problem === undefined ? "" : ` (${problem})`}`;
}

async function installationText(installation: InstallationResource): Promise<string> {
  const head = formatFields([
    ["installation", `${installation.plugin}@${installation.version} on ${installation.application}/${installation.component}`],
    ["state", paint(stateStyle(installation.state), installation.state)],
    ["reason", installation.reason],
    ["failures", String(installation.failures)],
    ["revision", String(installation.revision)],
    ["live settings", installation.settings.map(settingsText).join("; ")],
    ["from", installation.origin === "file" ? "app.yaml" : "outrigger install"],
    ["resources", installation.resources === undefined ? undefined : JSON.stringify(installation.resources)],
    ["mounts", installation.mounts === undefined ? undefined : JSON.stringify(installation.mounts)],
  ]);
  if (Object.keys(installation.values).length === 0) return head;
  return `${head}\nvalues:\n${(await toYaml(installation.values)).trimEnd().replaceAll(/^/gm, "  ")}`;
}
