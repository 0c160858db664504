import assert from "node:assert/strict";
import { type PodPluginManifest, readApplication, readPluginManifest, type StoredValues } from "@outrigger/plugin";
import { type ComposeInput, type Container, compose, type Pod, type PodInstallation } from "@outrigger/pod";

export interface PluginText {
  readonly name: string;
  readonly type?: string;
  readonly pod?: string;
  readonly config?: string;
  readonly values?: StoredValues;
}

const asOwnUser = "securityContext: { runAsUser: 65301 }";

export function install({
  name,
  type = "general",
  pod = type.includes("egress") ? asOwnUser : "",
  config = "[]",
  values = {},
}: PluginText): PodInstallation {
  const text = `apiVersion: outrigger.dev/v1\nkind: Plugin\nmetadata: { name: ${name}, version: 1.0.0 }\nspec:\n  layer: pod\n  pod: { type: ${type}, source: { image: x }, ${pod} }\n  config: ${config}\n`;
  const reading = readPluginManifest(text, "plugin.yaml");
  assert.ok(reading.ok, JSON.stringify(reading));
  const { spec, metadata } = reading.value.value as PodPluginManifest;
  return {
    plugin: metadata.name,
    version: metadata.version,
    image: `sha256:${name}`,
    spec,
    values,
    instance: `i-${name}`,
    revision: 1,
    enabled: true,
  };
}

export function input(
  component: string,
  installations: readonly PodInstallation[] = [],
  downstream: ComposeInput["downstream"] = [],
): ComposeInput {
  const text = `apiVersion: outrigger.dev/v1\nkind: Application\nmetadata: { name: shop }\nspec:\n  components: [{ name: web, image: "web:1", ${component} }]\n`;
  const reading = readApplication(text, "app.yaml");
  assert.ok(reading.ok, JSON.stringify(reading));
  const found = reading.value.value.spec.components[0];
  assert.ok(found);
  return { team: "default", application: "shop", component: found, installations, downstream };
}

export function podOf(value: ComposeInput): Pod {
  const composition = compose(value);
  assert.ok(composition.ok, JSON.stringify(composition));
  return composition.pod;
}

export function container(pod: Pod, name: string): Container {
  const found = pod.containers.find((each) => each.name === name);
  assert.ok(found, `no container ${name}`);
  return found;
}

export function reasons(value: ComposeInput): string[] {
  const composition = compose(value);
  assert.ok(!composition.ok, "expected problems");
  return composition.problems.map(({ code, path, message }) => `${code} ${path.join(".")}: ${message}`);
}
