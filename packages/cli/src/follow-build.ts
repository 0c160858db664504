import type { BuildResource } from "@outrigger/server";
import type { PluginApi } from "./api/api.ts";
import { cliErrors } from "./errors.ts";
import type { ProgressNode } from "./output/progress-tree.ts";
import type { LocalBuild } from "./project/local-builds.ts";

export interface BuildWatcher {
  readonly line?: (text: string) => void;
  readonly bytes?: (bytes: { readonly what: string; readonly done: number; readonly total: number }) => void;
}

const keptLines = 20;

/** Follows a build to its end. @throws build-failed with the log's last lines */
export async function followBuild(
  api: PluginApi,
  build: BuildResource,
  watcher: BuildWatcher,
  signal?: AbortSignal,
): Promise<BuildResource> {
  const lines: string[] = [];
  let end: BuildResource | undefined;
  for await (const { event, data } of api.buildLog(build.id, signal)) {
    if (event === "line") {
      const { text } = data as { readonly text: string };
      lines.push(text);
      if (lines.length > keptLines) lines.shift();
      watcher.line?.(text);
    } else if (event === "progress") watcher.bytes?.(data as { what: string; done: number; total: number });
    else if (event === "end") end = data as BuildResource;
  }
  end ??= await api.build(build.id);
  if (end.state === "built") return end;
  throw cliErrors["build-failed"]({
    subject: end.subject,
    state: end.state,
    reason: end.reason?.replace(/\.$/, "") ?? "no reason was given",
    log: lines.map((line) => `  ${line}`).join("\n"),
  });
}

/** Starts a build that is needed and shows it in the tree until it ends. */
export async function runLocalBuild(
  api: PluginApi,
  build: LocalBuild,
  show: (node: ProgressNode) => void,
  signal?: AbortSignal,
): Promise<void> {
  const node = { id: build.subject, label: build.subject };
  if (build.start === undefined) return show({ ...node, state: "built", reason: "nothing changed" });
  show({ ...node, state: "building", busy: true });
  try {
    let last: { detail?: string; bytes?: { done: number; total: number } } = {};
    const update = (part: typeof last): void => {
      last = { ...last, ...part };
      show({ ...node, state: "building", busy: true, ...last });
    };
    await followBuild(
      api,
      await build.start(),
      { line: (detail) => update({ detail }), bytes: (bytes) => update({ bytes, detail: bytes.what }) },
      signal,
    );
    show({ ...node, state: "built" });
  } catch (error) {
    show({ ...node, state: "failed" });
    throw error;
  }
}
