import type { PodKey } from "@outrigger/pod";

/** Whose live settings: a plug-in's on a component. */
export interface DiscoveryPlace extends PodKey {
  readonly plugin: string;
}

/** One text for one place; the parts are DNS labels and have no dots. */
export function placeText({ team, application, component, plugin }: DiscoveryPlace): string {
  return `${team}.${application}.${component}.${plugin}`;
}

const label = "[a-z0-9](?:[a-z0-9-]*[a-z0-9])?";
const pathPattern: RegExp = new RegExp(`^/v1/resources/(${label})\\.(${label})/(${label})/(${label})$`);
const nodePattern: RegExp = new RegExp(`^(${label})\\.(${label})_(${label})_(${label})(?:~.*)?$`);

/** `/v1/resources/TEAM.APPLICATION/COMPONENT/PLUGIN`; undefined for any other path. */
export function placeFromPath(path: string): DiscoveryPlace | undefined {
  const [, team, application, component, plugin] = pathPattern.exec(path) ?? [];
  return team && application && component && plugin ? { team, application, component, plugin } : undefined;
}

/** The id of an xDS node, `TEAM.APPLICATION_PLUGIN_COMPONENT`, with anything after a `~`; undefined for any other text. */
export function placeFromNode(node: string): DiscoveryPlace | undefined {
  const [, team, application, plugin, component] = nodePattern.exec(node) ?? [];
  return team && application && component && plugin ? { team, application, component, plugin } : undefined;
}
