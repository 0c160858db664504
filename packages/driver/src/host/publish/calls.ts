import { capabilitiesOf } from "../run/oci-spec.ts";

/** The names that a plug-in answers /Plugin.Activate with, by the capability of its interface type. */
const implementsOf: Readonly<Record<string, string>> = {
  volumedriver: "VolumeDriver",
  networkdriver: "NetworkDriver",
  ipamdriver: "IpamDriver",
  logdriver: "LogDriver",
  graphdriver: "GraphDriver",
  secretprovider: "secretprovider",
  authz: "authz",
};

/** The capabilities that engines are told of: metrics are started by the host itself. */
export function published(types: readonly string[] | null): readonly string[] {
  return capabilitiesOf(types).filter((capability) => capability !== "metricscollector");
}

/** What /Plugin.Activate answers for a managed plug-in, which need not know that call itself. */
export function activation(types: readonly string[] | null): { readonly Implements: readonly string[] } {
  return { Implements: published(types).map((capability) => implementsOf[capability] ?? capability) };
}

/** Calls to which an engine sends no body. */
const withoutBody: readonly string[] = [
  "NetworkDriver.GetCapabilities",
  "IpamDriver.GetCapabilities",
  "IpamDriver.GetDefaultAddressSpaces",
  "LogDriver.Capabilities",
  "MetricsCollector.StartMetrics",
  "MetricsCollector.StopMetrics",
];

/** True for a call of a known interface that has arguments: without a body it is an engine's retry that has lost it. */
export function needsBody(method: string): boolean {
  return /^(VolumeDriver|NetworkDriver|IpamDriver|LogDriver|AuthZPlugin)\./.test(method) && !withoutBody.includes(method);
}

/** The longest that an engine waits for any answer, in milliseconds. */
export const longestCall = 120_000;

/** How long an engine waits for an answer, in milliseconds (moby `daemon/volume/drivers/proxy.go`); `other` for calls for which it sets no limit. */
export function limitOf(method: string, other: number): number {
  if (!method.startsWith("VolumeDriver.")) return other;
  return method === "VolumeDriver.Create" || method === "VolumeDriver.Mount" ? longestCall : 60_000;
}

/** A refusal as the interface has it: IPAM drivers say `Error`. With the status 500 every engine reads `Err`. */
export function refusalBody(reason: string): string {
  return `${JSON.stringify({ Err: reason })}\n`;
}
