import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { randomBytes } from "node:crypto";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { createDockerImages, createDockerRuntime, type LogLine } from "@outrigger/runtime";
import type { BuildResource, ComponentResource, PlanResource, VersionResource } from "../src/api/resources.ts";
import { readEvents } from "./support/events.ts";
import { endedBuild, manifest, tarOf } from "./support/samples.ts";
import { testServer, until } from "./support/server.ts";

const prefix = `srv-${randomBytes(4).toString("hex")}`;

function docker(...words: string[]): string {
  return execFileSync("docker", words, { encoding: "utf8" }).trim();
}

test("on a real engine: a plug-in and an app are built, run together, change, and go without a trace", {
  timeout: 90_000,
}, async (context) => {
  const real = { runtime: createDockerRuntime, images: createDockerImages() };
  const server = await testServer(context, real);
  const images: string[] = [];
  context.after(() => {
    for (const image of new Set(images)) docker("image", "rm", "--force", image);
  });
  const busybox = readFileSync("/bin/busybox");
  const dockerfile = `FROM scratch\nLABEL test=${prefix}\nCOPY busybox /bin/busybox\n`;
  const tar = await tarOf({ name: "Dockerfile", text: dockerfile }, { name: "busybox", text: busybox, mode: 0o755 });
  const app = `/teams/default/applications/${prefix}`;
  const version = `/teams/default/plugins/${prefix}/versions/1.0.0`;

  const sidecar = {
    source: { dockerfile: {} },
    command: ["/bin/busybox", "sh", "-c", 'echo "sidecar sees $GREETING and $TOKEN"; exec /bin/busybox sleep 1000'],
  };
  const config = [{ group: "g", items: [{ name: "TOKEN", type: "secret" }] }];
  await server.send("POST", "/teams/default/plugins", {
    body: manifest(prefix, { pod: { ...sidecar, terminationGracePeriodSeconds: 0 }, config }),
  });
  for (const at of [`${version}/builds`, `${app}/components/web/builds`]) {
    const build = await endedBuild(server, (await server.send<BuildResource>("POST", at, { body: tar })).body.id);
    assert.equal(build.state, "built", String(build.reason));
    images.push(build.image ?? "");
  }
  assert.equal((await server.send<VersionResource>("GET", version)).body.image, images[0]);
  const names = [`outrigger.local/default/${prefix}:1.0.0`, `outrigger.local/default/${prefix}/web:latest`];
  const named = names.map((name) => docker("image", "inspect", "--format", "{{.Id}}", name));
  assert.deepEqual(named, images, "images without a name would fall to `docker image prune`");

  const web = {
    name: "web",
    build: { context: "." },
    command: ["/bin/busybox", "sleep", "1000"],
    env: { GREETING: "hello" },
    terminationGracePeriodSeconds: 0,
    plugins: [{ plugin: prefix, values: { g: { TOKEN: "s3cret" } } }],
  };
  const body = { components: [web] };
  const plan = await server.send<PlanResource>("PUT", `${app}?dryRun=true`, { body });
  assert.deepEqual([plan.body.kind, plan.body.components[0]?.action], ["recreate", "create"]);
  assert.equal((await server.send("PUT", app, { body })).status, 201);
  const component = `${app}/components/web`;
  const ready = (): Promise<ComponentResource> =>
    until(
      async () => {
        const answer = await server.send<ComponentResource>("GET", component);
        return answer.body.status.state === "ready" && answer.body.status.upToDate && answer.body;
      },
      "the pod to be ready",
      30,
    );
  assert.equal((await ready()).installations[0]?.state, "healthy");
  const lines = await Array.fromAsync(readEvents(server, `${component}/logs?container=${prefix}`));
  assert.deepEqual(
    lines.map(({ data }) => (data as LogLine).text),
    ["sidecar sees hello and s3cret"],
  );

  const installation = `${component}/installations/${prefix}`;
  const off = await server.send<PlanResource>("PATCH", `${installation}?dryRun=true`, { body: { enabled: false } });
  assert.deepEqual(
    off.body.components[0]?.changes.map(({ action, container }) => `${action} ${container}`),
    [`remove ${prefix}`],
  );
  await server.send("PATCH", installation, { body: { enabled: false } });
  await until(async () => (await ready()).status.pods[0]?.containers.length === 1, "the sidecar to go");
  await server.restart(real);
  assert.equal((await ready()).status.pods[0]?.containers[0]?.restarts, 0, "the pod is adopted, not made anew");

  const missing = { components: [{ name: "web", image: "localhost:1/no/such:1" }] };
  await server.send("PUT", app, { body: missing });
  await until(
    async () => JSON.stringify((await server.send<ComponentResource>("GET", component)).body.status).includes("localhost:1/no/such:1"),
    "the missing image to be told",
    30,
  );
  await server.send("DELETE", `${app}?volumes=true`);
  await until(async () => (await server.send("GET", app)).status === 404, "the removal", 30);
  assert.equal((await server.send("DELETE", `/teams/default/plugins/${prefix}`)).status, 204);
  await until(async () => names.every((name) => docker("image", "ls", "--quiet", name) === ""), "the images to go");
  for (const what of ["container", "network", "volume"]) {
    const all = what === "container" ? ["--all"] : [];
    assert.equal(docker(what, "ls", ...all, "--filter", `name=${prefix}`, "--format", "{{json .}}"), "");
  }
});
