import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { test } from "node:test";
import { gunzipSync } from "node:zlib";
import type { DiscoveryDocument, Pod } from "@outrigger/pod";
import { renderPod } from "../src/index.ts";
import { plugin, podOf, shell } from "./support.ts";

interface Definition {
  readonly $ref?: string;
  readonly type?: string;
  readonly format?: string;
  readonly required?: readonly string[];
  readonly properties?: Readonly<Record<string, Definition>>;
  readonly additionalProperties?: Definition;
  readonly items?: Definition;
}

// Kubernetes 1.20's own OpenAPI definitions, as far as the five kinds need them, without their descriptions.
const file = new URL("fixtures/kubernetes-1.20-core.json.gz", import.meta.url);
const definitions = JSON.parse(gunzipSync(await readFile(file)).toString()) as Readonly<Record<string, Definition>>;

// Came with Kubernetes 1.28.
const younger = new Set(["restartPolicy of io.k8s.api.core.v1.Container"]);

/** Every way in which a value breaks Kubernetes' definition. */
function* breaches(value: unknown, definition: Definition, path: string): Generator<string> {
  if (definition.$ref !== undefined) {
    const name = definition.$ref.split("/").at(-1) ?? "";
    return yield* breachesOf(value, definitions[name] ?? {}, path, name);
  }
  yield* breachesOf(value, definition, path, "");
}

function* breachesOf(value: unknown, definition: Definition, path: string, name: string): Generator<string> {
  const { type, format, properties, additionalProperties, items, required = [] } = definition;
  if (format === "int-or-string" ? !["number", "string"].includes(typeof value) : type !== undefined && kindOf(value) !== type) {
    return yield `${path} is ${kindOf(value)}, expected ${format ?? type}`;
  }
  if (Array.isArray(value)) for (const [at, each] of value.entries()) yield* breaches(each, items ?? {}, `${path}[${at}]`);
  else if (typeof value === "object" && value !== null) {
    for (const key of required) if (!(key in value)) yield `${path} lacks ${key}`;
    for (const [key, each] of Object.entries(value)) {
      const found = properties?.[key] ?? additionalProperties;
      if (found !== undefined) yield* breaches(each, found, `${path}.${key}`);
      else if (!younger.has(`${key} of ${name}`)) yield `${path} has the unknown key ${key}`;
    }
  }
}

function kindOf(value: unknown): string {
  if (Array.isArray(value)) return "array";
  return typeof value === "number" && Number.isInteger(value) ? "integer" : typeof value;
}

function check(objects: readonly object[]): void {
  for (const object of objects) {
    const { kind } = object as { readonly kind: string };
    assert.deepEqual([...breaches(object, definitions[`io.k8s.api.core.v1.${kind}`] ?? { type: `a known kind, not ${kind}` }, kind)], []);
  }
}

const times = { initialDelaySeconds: 1, periodSeconds: 2, timeoutSeconds: 3, successThreshold: 1, failureThreshold: 5 };
const secret = { plugin: "side", group: "sink", item: "TOKEN", digest: "d1" };
const full: Pod = podOf(
  { team: "default", application: "shop", component: "web" },
  [
    shell("setup", "setup:1", "exit 0", plugin("setup", "init")),
    shell(
      "gate",
      "gate:1",
      "run",
      plugin("gate", "network", { readiness: { ...times, httpGet: { port: 65301, path: "/", scheme: "HTTP" } } }),
    ),
    shell("web", "web:1", "serve", {
      env: [
        { name: "MIXED", parts: ["a$(b)$", { fact: "pod.ip" }, ":80"] },
        { name: "PLAIN", value: "$HOME $(x)" },
        { name: "WHERE", parts: [{ fact: "node.name" }] },
      ],
      mounts: [{ volume: "logs", path: "/logs", readOnly: false }],
      resources: { requests: { memory: 2 ** 26, cpu: 50 }, limits: { memory: 2 ** 27 } },
      liveness: { ...times, tcpSocket: { port: 8080 } },
      startup: { ...times, exec: { command: ["true"] } },
      terminationGracePeriodSeconds: 30,
    }),
    shell(
      "side",
      "side:1",
      "run",
      plugin("side", "sidecar", {
        env: [{ name: "TOKEN", secret }],
        mounts: [{ volume: "logs", path: "/logs", readOnly: true }],
        securityContext: { runAsUser: 7, capabilities: { add: ["NET_ADMIN"] } },
      }),
    ),
  ],
  {
    volumes: [
      { name: "logs", ephemeral: true },
      { name: "keep", ephemeral: false },
    ],
    ports: [
      { port: 8080, protocol: "http", publish: { address: "127.0.0.1", port: 18080 }, entry: 65301 },
      { port: 53, protocol: "udp" },
    ],
    discovery: {
      side: {
        revision: 1,

        files: [],
        document: { base_ports: [], base_services: [], base_normal: { options: { RATE: "1", KEY: { secret } } } },
      },
    },
  },
);

type Spec = {
  readonly spec: {
    readonly initContainers: readonly Rendered[];
    readonly containers: readonly Rendered[];
    readonly ports: readonly object[];
  };
};
type Rendered = { readonly name: string; readonly env: readonly { readonly name: string }[]; readonly [key: string]: unknown };

test("every object keeps to Kubernetes' definitions", () => {
  const objects = renderPod(full);
  assert.deepEqual(
    objects.map((object) => (object as { kind: string }).kind),
    ["Secret", "ConfigMap", "PersistentVolumeClaim", "Service", "Pod"],
  );
  check(objects);
  check(renderPod(podOf(full, [shell("web", "web:1", "serve")])));
});

test("the check of the definitions finds what is wrong", () => {
  const wrong = { apiVersion: "v1", kind: "Pod", spec: { containers: [{ image: 1, nonsense: true }] } };
  assert.deepEqual(
    [...breaches(wrong, definitions["io.k8s.api.core.v1.Pod"] ?? {}, "Pod")],
    [
      "Pod.spec.containers[0] lacks name",
      "Pod.spec.containers[0].image is integer, expected string",
      "Pod.spec.containers[0] has the unknown key nonsense",
    ],
  );
});

test("network plug-ins are native sidecars that must be ready before the app starts", () => {
  const { spec } = renderPod(full).at(-1) as Spec;
  assert.deepEqual(
    spec.initContainers.map(({ name, restartPolicy }) => [name, restartPolicy]),
    [
      ["setup", undefined],
      ["gate", "Always"],
    ],
  );
  assert.deepEqual(spec.initContainers[1]?.["startupProbe"], spec.initContainers[1]?.["readinessProbe"]);
  assert.deepEqual(
    spec.containers.map(({ name }) => name),
    ["web", "side"],
  );
});

test("facts come by the downward API, and literal dollars stay literal", () => {
  const { spec } = renderPod(full).at(-1) as Spec;
  assert.deepEqual(spec.containers[0]?.env, [
    { name: "OUTRIGGER_POD_IP", valueFrom: { fieldRef: { fieldPath: "status.podIP" } } },
    { name: "MIXED", value: "a$$(b)$$$(OUTRIGGER_POD_IP):80" },
    { name: "PLAIN", value: "$$HOME $$(x)" },
    { name: "WHERE", valueFrom: { fieldRef: { fieldPath: "spec.nodeName" } } },
  ]);
});

test("a secret is only a reference, and its Secret says which keys it needs", () => {
  const objects = renderPod(full);
  assert.deepEqual((objects.at(-1) as Spec).spec.containers[1]?.env, [
    { name: "TOKEN", valueFrom: { secretKeyRef: { name: "shop-web-side", key: "sink.TOKEN" } } },
  ]);
  const [first] = objects as readonly { readonly metadata: { readonly annotations: object }; readonly data?: unknown }[];
  assert.deepEqual([first?.metadata.annotations, first?.data], [{ "outrigger.dev/keys": "sink.TOKEN" }, undefined]);
});

test("callers keep the port they know", () => {
  const service = renderPod(full)[3] as Spec;
  assert.deepEqual(service.spec.ports, [
    { name: "http-8080", port: 8080, targetPort: 65301, protocol: "TCP" },
    { name: "udp-53", port: 53, targetPort: 53, protocol: "UDP" },
  ]);
});

test("a plug-in's own volume has a name that Kubernetes takes, the same in pod and mounts", () => {
  const volume = "log-collector.state";
  const long = `${"a".repeat(63)}.${"b".repeat(63)}`;
  const mounts = [volume, long].map((name, index) => ({ volume: name, path: `/v${index}`, readOnly: false }));
  const pod: Pod = {
    ...podOf(full, [shell("web", "web:1", "serve", { mounts })]),
    volumes: [volume, long].map((name) => ({ name, ephemeral: true })),
  };
  const rendered = renderPod(pod).at(-1) as { spec: { volumes: { name: string }[]; containers: { volumeMounts: { name: string }[] }[] } };
  const names = rendered.spec.volumes.map(({ name }) => name);
  for (const name of names) assert.match(name, /^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/);
  assert.equal(names[0], "log-collector--state");
  assert.deepEqual(
    rendered.spec.containers[0]?.volumeMounts.map(({ name }) => name),
    names,
  );
});

test("several replicas are a Deployment, whose pods are found by the Service", () => {
  const objects = renderPod({ ...full, replicas: 3 });
  const deployment = objects.at(-1) as { kind: string; metadata: { name: string }; spec: DeploymentSpec };
  assert.deepEqual([deployment.kind, deployment.metadata.name, deployment.spec.replicas], ["Deployment", "shop-web", 3]);
  const { selector, template } = deployment.spec;
  assert.deepEqual(selector.matchLabels, template.metadata.labels);
  const service = objects.find((object) => (object as { kind: string }).kind === "Service") as { spec: { selector: object } };
  assert.deepEqual(service.spec.selector, template.metadata.labels);
  assert.deepEqual([...breaches(template.spec, definitions["io.k8s.api.core.v1.PodSpec"] ?? {}, "PodSpec")], []);
  assert.deepEqual(template.spec, (renderPod(full).at(-1) as { spec: object }).spec);
});

interface DeploymentSpec {
  readonly replicas: number;
  readonly selector: { readonly matchLabels: object };
  readonly template: { readonly metadata: { readonly labels: object }; readonly spec: object };
}

test("kept files come from a Secret, which names those that it can't fill", () => {
  const document = (options: DiscoveryDocument["base_normal"]["options"]) => ({
    base_ports: [],
    base_services: [],
    base_normal: { options },
  });
  const file = (path: string, options: DiscoveryDocument["base_normal"]["options"]) => ({
    path,
    format: "env" as const,
    mode: "0640",
    document: document(options),
  });
  const files = [file("/etc/side/a b/plain.env", { RATE: "1" }), file("/etc/side/token.env", { TOKEN: { secret } })];
  const discovery = { side: { revision: 1, document: document({}), files } };
  const containers = [
    shell("web", "web:1", "serve"),
    shell("side", "side:1", "run", plugin("side", "sidecar", { fileDirectories: ["/etc/side"] })),
  ];
  const objects = renderPod(podOf(full, containers, { discovery }));
  check(objects);
  const [first] = objects as readonly { kind: string; metadata: { annotations: Readonly<Record<string, string>> }; stringData: object }[];
  const [[key, text] = []] = Object.entries(first?.stringData ?? {});
  assert.match(key ?? "", /^[-._a-zA-Z0-9]+$/);
  assert.equal(text, "RATE=1\n");
  assert.match(first?.metadata.annotations["outrigger.dev/keys"] ?? "", /^etc_side_token\.env-[0-9a-f]{8}$/);
  const { spec } = objects.at(-1) as {
    spec: { volumes: readonly FileVolume[]; containers: readonly { volumeMounts: readonly { mountPath: string }[] }[] };
  };
  assert.deepEqual(
    spec.volumes[0]?.secret.items.map(({ path, mode }) => [path, mode]),
    [
      ["a b/plain.env", 0o640],
      ["token.env", 0o640],
    ],
  );
  assert.equal(spec.containers[1]?.volumeMounts[0]?.mountPath, "/etc/side");
});

interface FileVolume {
  readonly secret: { readonly items: readonly { readonly path: string; readonly mode: number }[] };
}

test("the way to discovery: the node's address, and a token from the Secret", () => {
  const env = [
    { name: "DISCOVER_TOKEN", secret: { plugin: "side", instance: "i1" } },
    { name: "XDS_HOST_IP", parts: [{ fact: "discovery.host" as const }] },
  ];
  const objects = renderPod(
    podOf(full, [shell("web", "web:1", "serve"), shell("side", "side:1", "run", plugin("side", "sidecar", { env }))]),
  );
  check(objects);
  assert.deepEqual((objects.at(-1) as Spec).spec.containers[1]?.env, [
    { name: "DISCOVER_TOKEN", valueFrom: { secretKeyRef: { name: "shop-web-side", key: "discovery-token" } } },
    { name: "XDS_HOST_IP", valueFrom: { fieldRef: { fieldPath: "status.hostIP" } } },
  ]);
});
