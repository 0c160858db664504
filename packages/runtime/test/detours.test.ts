import assert from "node:assert/strict";
import { after, test } from "node:test";
import type { Container, Pod } from "@outrigger/pod";
import { requestLoop } from "./request-loop.ts";
import { busyboxImage, execute, harness, idsOf, plugin, podOf, relayImage, shell, sleeps, statusOf, until, untilState } from "./support.ts";

const [image, relay] = [await busyboxImage({ after }), await relayImage()];
const [listen, user] = [65401, 65301];

/** An egress plug-in that passes everything on to one address. */
function egress(target: string): Container {
  const command = ["perl", "/relay.pl", "egress", String(listen), target];
  const readiness = { initialDelaySeconds: 0, periodSeconds: 1, timeoutSeconds: 1, successThreshold: 1, failureThreshold: 3 };
  return shell("egress", relay, "", {
    ...plugin("egress", "network"),
    command,
    securityContext: { runAsUser: user },
    readiness: { ...readiness, tcpSocket: { port: listen } },
  });
}

function detours(...addresses: readonly string[]): Partial<Pod> {
  return { detours: [{ component: "api", addresses, port: 5000, protocol: "http", listen, exceptUsers: [user] }] };
}

const serve = (text: string) => `mkdir -p /www; echo ${text} >/www/index.html; exec httpd -f -p 5000 -h /www`;

test("an egress plug-in comes and goes between a running app and what it depends on", async (t) => {
  const { runtime, key } = await harness(t);
  const [web, api] = [key("web"), key("api")];
  runtime.want(podOf(api, [shell("api", image, `${serve("$(busybox hostname)")}`)], { replicas: 2 }));
  for (const replica of [0, 1]) await untilState(runtime, api, "ready", 15_000, replica);
  const [one = "", two = ""] = runtime.statuses(api).map(({ ip }) => ip);
  // The app listens on the dependency's port number itself, and asks with its own resolver.
  const app = shell("web", relay, `perl /relay.pl own 5000 127.0.0.1:1 & ${sleeps}`);
  const direct = podOf(web, [app]);
  const through = (...addresses: readonly string[]): Pod => podOf(web, [egress(`${one}:5000`), app], detours(...addresses));
  runtime.want(direct);
  await untilState(runtime, web, "ready");
  const first = await idsOf(web);
  const ask = async (target: string, container = "web") => (await execute((await idsOf(web))[container], "perl", "/get.pl", target)).output;
  const name = `${web.application}-api`;
  assert.match(await ask("api:5000"), new RegExp(`^${name}`));
  const settle = async (pod: Pod) => {
    runtime.want(pod);
    await until("as wanted", () => statusOf(runtime, web)?.state === "ready" && statusOf(runtime, web)?.upToDate);
  };
  const ip = statusOf(runtime, web)?.ip ?? "";
  const loop = requestLoop(t, `http://${ip}:5000/`);
  await settle(through(one, two));
  assert.equal(await ask("api:5000"), `egress ${name}`);
  // An app that keeps an address is caught as well, another port of it is not, nor is the app's own.
  assert.equal(await ask(`${two}:5000`), `egress ${name}`);
  assert.match(await ask(`${two}:5001`), /refused/);
  assert.match(await ask("127.0.0.1:5000"), /^own: Connection refused/);
  assert.match(await ask(`${ip}:5000`), /^own: Connection refused/);
  // The plug-in's own calls pass.
  assert.equal(await ask(`${two}:5000`, "egress"), `${name}-1`);
  await settle(through(one));
  assert.equal(await ask(`${two}:5000`), `${name}-1`);
  assert.equal(await ask(`${one}:5000`), `egress ${name}`);
  await settle(through());
  assert.equal(await ask(`${one}:5000`), name);
  await settle(direct);
  assert.equal(await ask(`${one}:5000`), name);
  assert.deepEqual(await idsOf(web), first);
  const { failures } = await loop.stop();
  assert.deepEqual(failures, []);
});

test("init containers call directly; the app starts behind the detour", async (t) => {
  const { runtime, key } = await harness(t);
  const [web, api] = [key("web"), key("api")];
  runtime.want(podOf(api, [shell("api", image, serve("hello"))]));
  const { ip = "" } = await untilState(runtime, api, "ready");
  const early = shell("early", relay, "perl /get.pl api:5000", plugin("early", "init"));
  runtime.want(podOf(web, [early, egress(`${ip}:5000`), shell("web", relay, `perl /get.pl api:5000; ${sleeps}`)], detours(ip)));
  await untilState(runtime, web, "ready");
  const lines = await until("both have asked", async () => {
    const all = await Array.fromAsync(runtime.logs(web, { containers: ["early", "web"] }));
    return all.length >= 3 && all.map(({ container, text }) => `${container}: ${text}`);
  });
  assert.deepEqual(lines.slice(0, 2), ["early: hello", "web: egress hello"]);
});
