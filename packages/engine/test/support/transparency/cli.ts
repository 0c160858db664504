import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { existsSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { type Ended, image, run, temporaryFolder, unique } from "../gateway.ts";
import type { StandMaker } from "./stand.ts";

/** The clients at hand: the current one, and Debian's own, which builds with BuildKit. */
export const clients: readonly string[] = ["/usr/local/bin/docker", "/usr/bin/docker"].filter((path) => existsSync(path));

interface Story {
  readonly docker: (args: readonly string[], input?: string | Buffer, env?: Readonly<Record<string, string>>) => Promise<Ended>;
  readonly shell: (line: string, env?: Readonly<Record<string, string>>) => Promise<Ended>;
  readonly folder: string;
  readonly name: string;
}

async function told(
  context: TestContext,
  client: string,
  [host, direct]: readonly [string, string],
  tell: (story: Story) => Promise<readonly unknown[]>,
): Promise<unknown> {
  const name = unique();
  const folder = temporaryFolder(context);
  context.after(() =>
    run(
      "bash",
      ["-c", `docker rm -f -v ${name} ${name}-b; docker rmi -f ${name} ${name}-c; docker volume rm -f ${name}; docker network rm ${name}`],
      { host: direct },
    ),
  );
  const docker: Story["docker"] = (args, input, env = {}) => run(client, args, { host, env, ...(input === undefined ? {} : { input }) });
  const shell: Story["shell"] = (line, env = {}) => run("bash", ["-c", line], { host, env: { ...env, DOCKER: client }, cwd: folder });
  const result = await tell({ docker, shell, folder, name });
  return JSON.parse(
    JSON.stringify(result)
      .replaceAll(name, "NAME")
      .replace(/\b[0-9a-f]{12,64}\b/g, "ID")
      .replace(/"Last-Modified":"[^"]+"/g, "")
      .replaceAll(folder, "FOLDER"),
  );
}

/** The docker CLI and docker-compose tell the same through a gateway as directly. `only`: the clients to use. */
export function clientSuite({ label, start }: StandMaker, only: readonly string[] = clients): void {
  const same = (title: string, tell: (story: Story) => Promise<readonly unknown[]>): void => {
    for (const client of clients.filter((path) => only.includes(path))) {
      test(`${title}, as directly (${label}, ${client})`, { timeout: 120_000 }, async (context) => {
        const { host, engine } = await start(context);
        const own = `unix://${engine}`;
        const direct = await told(context, client, [own, own], tell);
        const through = await told(context, client, [host, own], tell);
        assert.deepEqual(through, direct);
        assert.ok(JSON.stringify(direct).length > 10);
      });
    }
  };
  same("run with outputs, exit codes, input and a terminal", async ({ docker, shell, name }) => [
    await docker(["run", "--rm", "--name", name, image, "sh", "-c", "echo out; echo err >&2; exit 3"]),
    await docker(["run", "--rm", "-i", "--name", name, image, "cat"], "input"),
    await docker(["run", "--rm", "-i", "--name", name, image, "sh"], "echo $((1+1)); exit 5\n"),
    await shell(`script -qec "$DOCKER run --rm -t --name ${name} ${image} sh -c 'tty; exit 4'" /dev/null < /dev/null`),
    await shell(`(echo one; sleep 0.4; echo two) | $DOCKER run --rm -i --name ${name} ${image} sh -c 'cat; sleep 0.2; echo after'`),
    await docker(["run", "--rm", "--privileged=false", "--memory", "9223372036854771712", image, "true"]).then(({ code }) => code),
    await docker(["run", "--rm", "nonexistent.invalid/x:1"]).then(({ code }) => code),
  ]);

  same("exec, attach, logs, wait, top, stats and the rest of a container's life", async ({ docker, shell, name }) => {
    await docker(["run", "-d", "-i", "--name", name, image, "sh", "-c", "echo first; read x; echo got $x; exec sleep 600"]);
    return [
      await docker(["exec", "-i", name, "wc", "-c"], randomBytes(200_000)),
      await docker(["exec", name, "sh", "-c", "echo e >&2; exit 7"]),
      await docker(["exec", "-d", name, "true"]),
      await shell(`script -qec "$DOCKER exec -it ${name} sh -c 'tty; stty -echo; read y; echo \\$y'" /dev/null <<< typed`).then(
        ({ stdout }) => stdout.includes("/dev/pts"),
      ),
      await docker(["exec", "nonexistent", "true"]),
      await shell(`echo hello | timeout -s KILL 2 $DOCKER attach ${name}; $DOCKER logs ${name}`).then(({ stdout }) =>
        stdout.endsWith("first\ngot hello\n"),
      ),
      await shell(`timeout -s KILL 1 $DOCKER logs -f ${name}`),
      await docker(["logs", "--tail", "1", name]),
      await docker(["top", name, "-o", "comm"]),
      (await docker(["stats", "--no-stream", "--format", "{{.Name}}", name])).stdout,
      await docker(["rename", name, `${name}-b`]),
      (await docker(["update", "--memory", "100m", "--memory-swap", "100m", `${name}-b`])).code,
      (await docker(["pause", `${name}-b`])).code,
      (await docker(["unpause", `${name}-b`])).code,
      (await docker(["restart", "-t", "0", `${name}-b`])).code,
      await shell(`$DOCKER wait ${name}-b & sleep 0.3; $DOCKER kill ${name}-b > /dev/null; wait`),
      await docker(["inspect", "-f", "{{.State.ExitCode}} {{.HostConfig.Memory}}", `${name}-b`]),
      await docker(["rm", `${name}-b`]),
      await docker(["rm", `${name}-b`]),
    ];
  });

  same("copies in and out, save, load, commit, diff and export", async ({ docker, shell, folder, name }) => {
    writeFileSync(join(folder, "file"), randomBytes(3_000_000));
    await docker(["run", "-d", "--name", name, image, "sleep", "600"]);
    return [
      await shell(`$DOCKER cp file ${name}:/tmp/file && $DOCKER cp ${name}:/tmp/file - | tar xO | cmp - file && echo same`).then(
        ({ stdout }) => stdout,
      ),
      await shell(`tar c file | $DOCKER cp - ${name}:/opt && $DOCKER exec ${name} cmp /opt/file /tmp/file && echo same`).then(
        ({ stdout }) => stdout,
      ),
      (await docker(["cp", `${name}:/nowhere`, "-"])).code,
      (await docker(["commit", name, name])).code,
      await shell(`$DOCKER save ${name} > image.tar && $DOCKER rmi -f ${name} > /dev/null && $DOCKER load < image.tar`).then(
        ({ stdout }) => stdout,
      ),
      await shell(`$DOCKER diff ${name} | sort`),
      await shell(`$DOCKER export ${name} | tar t | grep -c ^opt/file$`),
      await shell(`$DOCKER export ${name} | $DOCKER import - ${name}-c | wc -c`),
      (await docker(["history", "-q", name])).stdout.split("\n").length,
      (await docker(["tag", name, `${name}-c`])).code,
    ];
  });

  same("builds, classic and with BuildKit", async ({ docker, shell, folder, name }) => {
    writeFileSync(join(folder, "Dockerfile"), `FROM ${image}\nARG WORD=none\nCOPY file /file\nRUN wc -c < /file && echo $WORD > /word\n`);
    writeFileSync(join(folder, "file"), randomBytes(1_000_000));
    const builds = [];
    for (const kit of clients.includes("/usr/bin/docker") ? ["0", "1"] : ["0"]) {
      // The current client has no builder of its own here, so Debian's builds with BuildKit.
      const client = kit === "1" ? "/usr/bin/docker" : "$DOCKER";
      builds.push(
        await shell(`${client} build -q --build-arg WORD=${name} -t ${name} . > id && wc -l < id`, { DOCKER_BUILDKIT: kit }).then(
          ({ code, stdout }) => [code, stdout],
        ),
        await docker(["run", "--rm", name, "cat", "/word"]),
        (await shell(`${client} build --build-arg WORD=x -f nowhere .`, { DOCKER_BUILDKIT: kit })).code,
      );
    }
    return builds;
  });

  same("events, volumes, networks, push and pull that fail, and questions", async ({ docker, shell, name }) => [
    await shell(
      `timeout 2 $DOCKER events --filter volume=${name} --format '{{.Action}}' & sleep 0.5; $DOCKER volume create --label a=b ${name} > /dev/null; $DOCKER volume rm ${name} > /dev/null; wait`,
    ),
    await docker(["volume", "create", "a/b"]),
    (await docker(["network", "create", "--label", "x=y", name])).code,
    await docker(["network", "inspect", "-f", "{{.Labels}} {{.Driver}}", name]),
    (await docker(["network", "rm", name])).code,
    await docker(["push", "localhost:1/a/b"]),
    (await docker(["pull", "localhost:1/a/b:c"])).code,
    (await docker(["image", "inspect", "-f", "{{.Os}}", image])).stdout,
    await docker(["ps", "-a", "--filter", `name=${name}`, "--format", "{{.Names}}"]),
    (await docker(["info", "-f", "{{.Driver}} {{.ServerVersion}}"])).stdout,
    await docker(["version", "-f", "{{.Server.APIVersion}}"]),
    (await docker(["system", "df"])).code,
    await docker(["swarm", "leave"]),
    await docker(["service", "ls"]),
    (await docker(["search", "x"])).code,
  ]);

  test(`docker-compose brings an application up and down, as directly (${label})`, async (context) => {
    const { host, engine } = await start(context);
    const results: unknown[] = [];
    for (const at of [`unix://${engine}`, host]) {
      const folder = temporaryFolder(context);
      const project = unique("gatewaycompose").replace("-", "");
      writeFileSync(join(folder, "Dockerfile"), `FROM ${image}\nRUN echo built > /word\n`);
      writeFileSync(
        join(folder, "docker-compose.yml"),
        `version: "2.4"\nservices:\n  one: { build: ., command: sh -c "cat /word; exec sleep 600", volumes: ["data:/data"] }\n  two: { image: "${image}", command: sleep 600, depends_on: [one] }\nvolumes: { data: {} }\n`,
      );
      const compose = (...args: string[]): Promise<Ended> =>
        run("docker-compose", ["-p", project, ...args], {
          host: at,
          cwd: folder,
          env: { DOCKER_BUILDKIT: "0", COMPOSE_DOCKER_CLI_BUILD: "0" },
        });
      context.after(() =>
        run("docker-compose", ["-p", project, "down", "-v", "--rmi", "local", "-t", "0"], { cwd: folder, host: `unix://${engine}` }),
      );
      const up = await compose("up", "-d");
      const told = [
        up.code,
        (await compose("ps", "-q")).stdout.trim().split("\n").length,
        (await compose("exec", "-T", "one", "cat", "/word")).stdout,
        (await compose("logs", "one")).stdout.includes("built"),
        (await compose("restart", "-t", "0", "two")).code,
        (await compose("down", "-v", "--rmi", "local", "-t", "0")).code,
        (await compose("ps", "-q")).stdout,
      ];
      assert.equal(up.code, 0, up.stderr);
      results.push(told);
    }
    assert.deepEqual(results[1], results[0]);
  });
}
