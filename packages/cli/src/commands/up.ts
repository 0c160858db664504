import type { Command } from "commander";
import { connectTeam, type TeamConnection } from "../connect.ts";
import { cliErrors } from "../errors.ts";
import { runLocalBuild } from "../follow-build.ts";
import { ensureLocalServer } from "../local-server.ts";
import { stateDirOption, type TeamOptions, wholeNumber, withExamples, withTeam } from "../options.ts";
import { say } from "../output/print.ts";
import { createProgressTree, type ProgressTree } from "../output/progress-tree.ts";
import { componentTable, publishedUrls } from "../output/show-application.ts";
import { planLocalBuilds } from "../project/local-builds.ts";
import { placingProblems } from "../project/place-problems.ts";
import { type PreparedProject, prepareProject, refuse, toRequest } from "../project/prepare.ts";
import { teamOf } from "../team-option.ts";
import { watchApplication } from "../watch-application.ts";

interface UpOptions extends TeamOptions {
  readonly file: string;
  readonly stateDir: string;
  readonly timeout: number;
}

export function define(command: Command): void {
  withTeam(command)
    .description(
      "Checks app.yaml, starts the local server when none runs, builds what is not built, and runs the application.\n" +
        "A plug-in is looked for in plugins/NAME/ beside the file, then in the catalogue, then on the server. Safe to run again.",
    )
    .option("-f, --file <file>", "the application", "app.yaml")
    .option("--timeout <seconds>", "how long to wait until everything is ready", wholeNumber(1), 600)
    .addOption(stateDirOption())
    .action((options: UpOptions) => up(options, command));
  withExamples(command, "up", "up -f shop/app.yaml --timeout 120");
}

async function up(options: UpOptions, command: Command): Promise<void> {
  const prepared = prepareProject(options.file, teamOf(command, options));
  if (options.server === undefined) await startServer(options);
  const api = connectTeam({ ...options, team: prepared.team });
  const application = prepared.application.metadata.name;
  const tree = createProgressTree(process.stderr);
  const interrupt = new AbortController();
  const onInterrupt = (): void => interrupt.abort();
  process.once("SIGINT", onInterrupt);
  try {
    await bringUp(prepared, api, tree, { timeout: options.timeout * 1000, signal: interrupt.signal });
  } catch (error) {
    if (!interrupt.signal.aborted) throw error;
  } finally {
    process.off("SIGINT", onInterrupt);
    tree.close();
  }
  if (!interrupt.signal.aborted) return showResult(api, application);
  say(`\nStopped watching; ${application} goes on on the server. \`outrigger down ${application}\` removes it.`);
  process.exitCode = 130;
}

async function startServer(options: UpOptions): Promise<void> {
  const server = await ensureLocalServer({
    dataDir: options.dataDir,
    stateDir: options.stateDir,
    // Any free port: other commands find the server through its file, and a taken port must not stop a newcomer.
    args: process.env["OUTRIGGER_PORT"] === undefined ? ["--port", "0"] : [],
  });
  if (server.started) say(`Started the server at ${server.url} (process ${server.pid}, log ${server.log}).`);
}

async function bringUp(
  prepared: PreparedProject,
  api: TeamConnection,
  tree: ProgressTree,
  wait: { readonly timeout: number; readonly signal: AbortSignal },
): Promise<void> {
  const { project, application } = prepared;
  await requireEngine(api);
  await using stack = new AsyncDisposableStack();
  const request = await toRequest(prepared, api);
  const { builds, problems } = await planLocalBuilds(project, api, stack);
  refuse(problems[0]?.file ?? project.file, problems);
  await settleAll(builds.map((build) => runLocalBuild(api, build, tree.set, wait.signal)));
  wait.signal.throwIfAborted();
  await placingProblems(project, api.putApplication(application.metadata.name, request));
  const components = request.components.map(({ name }) => name);
  await watchApplication(api, { application: application.metadata.name, components, show: tree.set, ...wait });
}

/** Nothing is written when there is no engine to run it on. @throws engine-missing */
async function requireEngine(api: TeamConnection): Promise<void> {
  const { engine } = await api.about();
  if (!engine.ok) throw cliErrors["engine-missing"]({ reason: engine.detail.replace(/\.$/, "") });
}

/** Waits for all, so that no build is left unwatched, then fails with the first failure. */
async function settleAll(works: readonly Promise<void>[]): Promise<void> {
  const failed = (await Promise.allSettled(works)).find((result) => result.status === "rejected");
  if (failed !== undefined) throw failed.reason;
}

async function showResult(api: TeamConnection, application: string): Promise<void> {
  const components = await api.components(application);
  process.stdout.write(`${componentTable(components)}\n`);
  for (const line of publishedUrls(components)) process.stdout.write(`${line}\n`);
}
