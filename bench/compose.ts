import { type Component, type PodPluginManifest, readApplication, readPluginManifest } from "@outrigger/plugin";
import { type ComposeInput, compose, diff, type Pod } from "@outrigger/pod";
import type { Measurement } from "./measurement.ts";

const pluginText = (name: string, type: string): string => `apiVersion: outrigger.dev/v1
kind: Plugin
metadata: { name: ${name}, version: 1.0.0 }
spec:
  layer: pod
  pod: { type: ${type}, source: { image: x }, resources: { memory: 64Mi, cpu: 50m } }
  config:
    - group: sink
      items:
        - { name: SINK_HOST, required: true }
        - { name: FORMAT, type: single, options: [json, text], default: json }
        - { name: TAGS, type: multiple, options: [pod, node, ip], default: [pod] }
        - { name: URL, default: "http://\${HOST:none}/\${pod.name}" }
`;

const appText = `apiVersion: outrigger.dev/v1
kind: Application
metadata: { name: shop }
spec:
  components:
    - name: web
      image: shop/web:1
      env: { GREETING: hello, HOST: db, LEVEL: info }
      ports: [{ port: 8080, protocol: http, publish: 18080 }]
      volumes: [{ name: logs, path: /var/log/nginx }]
      resources: { memory: 128Mi }
`;

/** compose() and diff() of pods with five plug-ins each, on one core. Goal: 20,000 a second. */
export function benchCompose(): readonly Measurement[] {
  const inputs = Array.from({ length: 1000 }, (_, index) => inputOf(index));
  const pods = inputs.map(podOf);
  const changed = inputs.map((input) => podOf({ ...input, image: "other" }));
  const equal = structuredClone(pods);
  return [
    { name: "compose() a pod with 5 plug-ins", value: rate(inputs, podOf), unit: "pods/s", goal: "at least 20000" },
    {
      name: "diff() of pods that differ in one container",
      value: rate(pods, (pod, at) => diff(pod, changed[at] ?? pod)),
      unit: "pods/s",
      goal: "at least 20000",
    },
    { name: "diff() of equal pods", value: rate(pods, (pod, at) => diff(pod, equal[at] ?? pod)), unit: "pods/s", goal: "at least 20000" },
  ];
}

function rate<T>(list: readonly T[], work: (element: T, index: number) => unknown): number {
  const rounds = 50;
  const round = (): void => {
    for (const [index, element] of list.entries()) work(element, index);
  };
  for (let warm = 0; warm < 20; warm += 1) round();
  const start = performance.now();
  for (let number = 0; number < rounds; number += 1) round();
  return Math.round((rounds * list.length * 1000) / (performance.now() - start));
}

function podOf(input: ComposeInput): Pod {
  const composition = compose(input);
  if (!composition.ok) throw new TypeError(JSON.stringify(composition.problems));
  return composition.pod;
}

function inputOf(index: number): ComposeInput {
  const names = ["wait", "gate", "perf", "log", "trace"];
  const types = ["init", "ingress", "performance", "general", "general"];
  const installations = names.map((name, at) => {
    const reading = readPluginManifest(pluginText(name, types[at] ?? "general"), "plugin.yaml");
    if (!reading.ok) throw new TypeError(JSON.stringify(reading.problems));
    const { spec } = reading.value.value as PodPluginManifest;
    return {
      plugin: name,
      version: "1.0.0",
      image: `sha256:${name}`,
      spec,
      values: { sink: { SINK_HOST: `logs${index}` } },
      instance: name,
      revision: 1,
      enabled: true,
    };
  });
  return { team: "default", application: `shop${index}`, component: component(), installations, downstream: [] };
}

function component(): Component {
  const reading = readApplication(appText, "app.yaml");
  const found = reading.ok ? reading.value.value.spec.components[0] : undefined;
  if (found === undefined) throw new TypeError("the benchmark's app.yaml is wrong");
  return found;
}
