import type { GitSource } from "@outrigger/plugin";
import type { BuildRow } from "../store/builds.ts";
import type { Context } from "./context.ts";

/** Where a build's image comes from. */
export type BuildSource =
  | { readonly kind: "image"; readonly image: string }
  | { readonly kind: "dockerfile"; readonly context: Context; readonly options: DockerfileOptions }
  | { readonly kind: "git"; readonly git: GitSource };

export interface DockerfileOptions {
  readonly file: string;
  readonly args?: Readonly<Record<string, string>>;
  readonly target?: string;
}

/** A build that was accepted. */
export interface BuildJob {
  readonly build: BuildRow;
  readonly source: BuildSource;
}

/** What a build was about, as people name it: `plugin:NAME@VERSION` or `component:APPLICATION/COMPONENT`. */
export function subjectOf(build: BuildRow): string {
  return build.plugin === null ? `component:${build.application}/${build.component}` : `plugin:${build.plugin}@${build.version}`;
}
