import assert from "node:assert/strict";
import type { TestContext } from "node:test";
import { builtImage, docker, started, type TestContainer, testVolume, until } from "../../../tests/support/container.ts";
import { execute, root } from "../../../tests/support/sandbox.ts";
import type { Run } from "../agent/state.ts";
import type { Status } from "../agent/web.ts";

// What the platform gives the container, as plugin.yaml asks for it.
const confined = [
  "--user=0",
  "--read-only",
  "--cap-drop=ALL",
  "--cap-add=DAC_OVERRIDE",
  "--security-opt=no-new-privileges",
  "--memory=192m",
];

/** Runs a shell over volumes. */
export async function shell(script: string, ...options: string[]): Promise<string> {
  const { code, stdout, stderr } = await docker("run", "--rm", ...options, "debian:bookworm-slim", "sh", "-euc", script);
  assert.equal(code, 0, stderr);
  return stdout;
}

/** What is in /data: names, kinds, modes, owners, sizes, links, and texts. */
export const describe = "cd /data && find . -printf '%P %y %m %U:%G %s %l\\n' | grep -v '^ d' | sort && cat $(find . -name '*.txt' | sort)";
const fill = `cd /data && mkdir -p deep/er && echo one > a.txt && echo two > deep/er/b.txt && chmod 600 a.txt && chown 1000:1001 a.txt
 && ln -s a.txt link && truncate -s 5M sparse && head -c 300000 /dev/urandom > random`;

export interface Backup {
  readonly container: TestContainer;
  readonly data: string;
  readonly backups: string;
  readonly status: () => Promise<Status>;
  /** The run after `before`, once it has ended. */
  readonly ended: (before?: Run) => Promise<Run>;
  readonly again: () => Promise<Run>;
}

/** The plug-in's container over a volume with files of several kinds. */
export async function backup(context: TestContext, env: Readonly<Record<string, string>>, backups?: string): Promise<Backup> {
  const image = await builtImage("plugins/backup");
  const [data, kept] = [await testVolume(context), backups ?? (await testVolume(context))];
  await shell(fill.replaceAll("\n", ""), "--volume", `${data}:/data`);
  const mounts = [
    "--volume",
    `${data}:/data:ro`,
    "--volume",
    `${kept}:/backups`,
    "--volume",
    `${await testVolume(context)}:/var/lib/backup`,
  ];
  const settings = { SOURCE: "/data", NAME: "shop-web", SCHEDULE: "0 3 * * *", ON_START: "true", ...env };
  const variables = Object.entries(settings).map(([name, value]) => `--env=${name}=${value}`);
  const container = await started(context, ...confined, ...mounts, ...variables, image);
  const status = async (): Promise<Status> => (await (await fetch(`http://${container.address}:65091/status`)).json()) as Status;
  const ended = (before?: Run): Promise<Run> =>
    until(
      "the backup has ended",
      async () => {
        const { lastRun } = await status();
        return lastRun?.startedAt === before?.startedAt ? undefined : lastRun;
      },
      60_000,
    );
  const again = async (): Promise<Run> => {
    const { lastRun } = await status();
    // Archives' names have seconds.
    await new Promise((resolve) => setTimeout(resolve, 1100));
    await docker("kill", "--signal=USR1", container.id);
    return ended(lastRun);
  };
  return { container, data, backups: kept, status, ended, again };
}

/** The README's command. */
export async function restore(context: TestContext, { container }: Backup, name = "latest"): Promise<string> {
  const target = await testVolume(context);
  const unpack = `docker run --rm -i -v ${target}:/restore debian:bookworm-slim tar --extract --preserve-permissions --numeric-owner --directory /restore`;
  const { code, stderr } = await execute(
    "bash",
    ["-o", "pipefail", "-c", `docker exec ${container.id} backup read ${name} | ${unpack}`],
    root,
  );
  assert.equal(code, 0, stderr);
  return target;
}
