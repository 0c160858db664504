import { missingPrivileges, type PlainProblem, type Port, privilegesOf, type SecurityContext } from "@outrigger/plugin";
import type { Pod } from "@outrigger/pod";
import { portsTaken } from "../store/components.ts";
import type { Database } from "../store/database.ts";
import type { PublishedPortRow } from "../store/tables.ts";
import { composeAll, type DesiredComponent, type Surroundings } from "./desired.ts";

/** A problem with one of the components. Its path starts at the component, as compose's do. */
export interface ComponentProblem {
  readonly component: string;
  readonly problem: PlainProblem;
}

export interface Checked {
  /** One pod for each component, where there is no problem. */
  readonly pods: readonly Pod[];
  readonly problems: readonly ComponentProblem[];
}

/** Everything that stands against running these components: privileges, host ports that other applications have, and what compose finds. */
export async function checkDesired(
  surroundings: Surroundings,
  db: Database,
  team: { readonly name: string; readonly allow: readonly string[] },
  application: string,
  desired: readonly DesiredComponent[],
): Promise<Checked> {
  const compositions = composeAll(surroundings, team.name, application, desired, true);
  const taken = await takenPorts(db, team.name, application, desired);
  const problems = desired.flatMap((each, index) => {
    const composition = compositions[index];
    const own = [
      ...privilegeProblems(each, team.name, team.allow),
      ...taken(each),
      ...(composition?.ok === false ? composition.problems : []),
    ];
    return own.map((problem) => ({ component: each.component.name, problem }));
  });
  return { pods: compositions.flatMap((composition) => (composition.ok ? [composition.pod] : [])), problems };
}

function privilegeProblems(
  { component, installations }: DesiredComponent,
  team: string,
  allow: readonly string[],
): readonly PlainProblem[] {
  const ask = (who: string, context: SecurityContext, path: readonly PropertyKey[]): readonly PlainProblem[] =>
    missingPrivileges(privilegesOf(context), allow).map((privilege) => ({
      path,
      code: "privilege-not-granted",
      message: `${who} asks for ${privilege}, which the team does not allow.`,
      found: privilege,
      expected: allow.join(", ") || "none",
      hint: `An admin can allow it: \`outrigger team allow ${team} ${privilege}\`.`,
    }));
  return [
    ...ask(component.name, component.securityContext, ["securityContext"]),
    ...installations.flatMap(({ plugin, spec }, index) => ask(plugin, spec.pod.securityContext, ["plugins", index])),
  ];
}

/** The host ports that the components publish, as the store keeps them. */
export function publishedPorts(team: string, application: string, desired: readonly DesiredComponent[]): readonly PublishedPortRow[] {
  return desired.flatMap(({ component }) =>
    component.ports.flatMap((port) => {
      const row = publishedPort(port);
      return row === undefined ? [] : [{ ...row, team, application, component: component.name }];
    }),
  );
}

function publishedPort({ publish, protocol }: Port): Pick<PublishedPortRow, "port" | "transport" | "address"> | undefined {
  return (
    publish && { port: publish.port, transport: protocol === "udp" || protocol === "sctp" ? protocol : "tcp", address: publish.address }
  );
}

async function takenPorts(
  db: Database,
  team: string,
  application: string,
  desired: readonly DesiredComponent[],
): Promise<(each: DesiredComponent) => readonly PlainProblem[]> {
  const wanted = publishedPorts(team, application, desired).map(({ port }) => port);
  const others = Map.groupBy(await portsTaken(db, team, application, wanted), (row) => row.port);
  return ({ component }) =>
    component.ports.flatMap((port, index) => {
      const own = publishedPort(port);
      const other = own && others.get(own.port)?.find((row) => overlaps(row, own));
      if (own === undefined || other === undefined) return [];
      const who = other.team === team ? `${other.application}/${other.component}` : "an application of another team";
      return [
        {
          path: ["ports", index, "publish"],
          code: "conflict" as const,
          message: `The host's port ${own.address}:${own.port} is published by ${who} already.`,
          found: String(own.port),
          hint: "Publish another port.",
        },
      ];
    });
}

function overlaps(a: Pick<PublishedPortRow, "transport" | "address">, b: Pick<PublishedPortRow, "transport" | "address">): boolean {
  const everywhere = (address: string): boolean => address === "0.0.0.0" || address === "::";
  return a.transport === b.transport && (a.address === b.address || everywhere(a.address) || everywhere(b.address));
}
