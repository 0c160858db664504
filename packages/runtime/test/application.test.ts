import assert from "node:assert/strict";
import { after, test } from "node:test";
import { busyboxImage, client, harness, idsOf, plugin, podOf, shell, sleeps, statusOf, until, untilState } from "./support.ts";

const image = await busyboxImage({ after });

test("a pod waits for those it depends on, then finds them by name", async (t) => {
  const { runtime, key } = await harness(t);
  const [web, api] = [key("web"), key("api")];
  const serve = "mkdir -p /www; echo from api >/www/index.html; exec httpd -f -p 80 -h /www";
  const ask = "until wget -q -O- http://api/; do sleep 0.1; done; exit 0";
  runtime.want(podOf(web, [shell("ask", image, ask, plugin("ask", "init")), shell("web", image, sleeps)], { dependsOn: ["api"] }));
  const waiting = await untilState(runtime, web, "waiting");
  assert.equal(waiting.reason, "waits for api to run");
  assert.deepEqual(
    waiting.containers.map(({ state }) => state).filter((state) => state !== "waiting"),
    [],
  );
  runtime.want(podOf(api, [shell("api", image, serve)]));
  await untilState(runtime, web, "ready");
  const lines = await Array.fromAsync(runtime.logs(web, { containers: ["ask"] }));
  assert.equal(lines.at(-1)?.text, "from api");
  await runtime.remove(api, { volumes: false });
  assert.equal(statusOf(runtime, web)?.state, "ready");
});

test("facts and variables reach containers and commands", async (t) => {
  const { runtime, key } = await harness(t);
  const web = key("web");
  const env = [
    { name: "FACTS", parts: ["<", ...(["pod.name", "pod.namespace", "pod.ip"] as const).map((fact) => ({ fact })), ">"] },
    { name: "PLAIN", value: "$(literal)" },
    { name: "WORD", value: "word" },
  ];
  const command = ["/bin/sh", "-c", `echo "$FACTS $PLAIN $(WORD)" '$$(WORD)'; ${sleeps}`];
  runtime.want(podOf(web, [shell("web", image, "", { env, command })]));
  const { ip } = await untilState(runtime, web, "ready");
  const [line] = await Array.fromAsync(runtime.logs(web, {}));
  assert.match(line?.text ?? "", new RegExp(`^<${web.application}-web${web.team}${ip}> \\$\\(literal\\) word \\$\\(WORD\\)$`));
});

test("logs follow across restarts and new pods, in order and without gaps or repeats", async (t) => {
  const { runtime, key } = await harness(t);
  const web = key("web");
  const count = (word: string) =>
    podOf(web, [
      shell("setup", image, `echo ${word} setup`, plugin("setup", "init")),
      shell("web", image, `echo ${word} begins; trap 'echo ${word} ends; exit 0' TERM; while :; do sleep 0.1; done`),
    ]);
  runtime.want(count("one"));
  await untilState(runtime, web, "ready");
  const stopping = new AbortController();
  const seen: string[] = [];
  const reading = (async () => {
    for await (const line of runtime.logs(web, { follow: true, signal: stopping.signal })) seen.push(`${line.container}: ${line.text}`);
  })();
  await until("the first lines", () => seen.length >= 2);
  const { web: id } = await idsOf(web);
  await client.call("POST", `/containers/${id}/kill`, { query: { signal: "TERM" } });
  await until("the restart's line", () => seen.length >= 4);
  runtime.want(count("two"));
  await until("the new pod's lines", () => seen.includes("web: two begins"));
  stopping.abort();
  await reading;
  assert.deepEqual(seen, [
    "setup: one setup",
    "web: one begins",
    "web: one ends",
    "web: one begins",
    "web: one ends",
    "setup: two setup",
    "web: two begins",
  ]);
});

test("a hot change touches no container", async (t) => {
  const { runtime, key } = await harness(t);
  const web = key("web");
  const document = (rate: string) => {
    const options = { RATE: rate };
    return { side: { revision: 1, node: "", files: [], document: { base_ports: [], base_services: [], base_normal: { options } } } };
  };
  const containers = [shell("web", image, sleeps), shell("side", image, sleeps, plugin("side", "sidecar"))];
  runtime.want(podOf(web, containers, { discovery: document("1") }));
  await untilState(runtime, web, "ready");
  const before = await idsOf(web);
  const changed = podOf(web, containers, { discovery: document("2") });
  assert.equal((await runtime.plan(changed)).kind, "hot");
  runtime.want(changed);
  await until("as wanted", () => statusOf(runtime, web)?.upToDate);
  assert.deepEqual(await idsOf(web), before);
});

test("callers keep the port they know, and come to the ingress plug-in that has taken it over", async (t) => {
  const { runtime, key } = await harness(t);
  const [web, ask] = [key("web"), key("ask")];
  const serve = (text: string, port: number) => `mkdir -p /www; echo ${text} >/www/index.html; exec httpd -f -p ${port} -h /www`;
  const gate = shell("gate", image, `${serve("the gate", 65301)}`, plugin("gate", "network"));
  const ports = [{ port: 8080, protocol: "http" as const, entry: 65301 }];
  runtime.want(podOf(web, [gate, shell("web", image, `wget -q -O- http://127.0.0.1:65301/; ${serve("the app", 8080)}`)], { ports }));
  await untilState(runtime, web, "ready");
  const within = shell("within", image, `until wget -q -O- http://web:8080/; do sleep 0.1; done; ${sleeps}`);
  runtime.want(podOf(ask, [within]));
  await untilState(runtime, ask, "ready");
  const [line] = await until("an answer", async () => {
    const lines = await Array.fromAsync(runtime.logs(ask, {}));
    return lines.length > 0 && lines;
  });
  assert.equal(line?.text, "the gate");
  const { gate: id } = await idsOf(web);
  const { Id } = await client.call<{ Id: string }>("POST", `/containers/${id}/exec`, {
    body: { Cmd: ["sh", "-c", "wget -q -O /www/inside http://127.0.0.1:8080/"] },
  });
  await client.call("POST", `/exec/${Id}/start`, { body: { Detach: true } });
  const { ip } = statusOf(runtime, web) ?? {};
  const inside = await until("the app's answer", () =>
    fetch(`http://${ip}:8080/inside`).then(
      (answer) => (answer.ok ? answer.text() : undefined),
      () => undefined,
    ),
  );
  assert.equal(inside, "the app\n");
});
