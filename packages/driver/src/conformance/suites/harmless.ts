import type { Session } from "../session.ts";

/** A call that changes nothing in a driver: it names what does not exist. `long` bytes are added to the name. */
export function harmlessCall(session: Session, long = 0): { readonly method: string; readonly args: unknown } {
  const unknown = `${session.prefix}-unknown${"x".repeat(long)}`;
  const has = (name: string): boolean => session.interfaces.has(name);
  if (has("VolumeDriver")) return { method: "VolumeDriver.Get", args: { Name: unknown } };
  if (has("NetworkDriver")) return { method: "NetworkDriver.EndpointOperInfo", args: { NetworkID: unknown, EndpointID: unknown } };
  if (has("IpamDriver")) return { method: "IpamDriver.ReleasePool", args: { PoolID: unknown } };
  if (has("authz")) return { method: "AuthZPlugin.AuthZReq", args: { RequestMethod: "GET", RequestUri: `/v1.41/${unknown}` } };
  if (has("LogDriver")) return { method: "LogDriver.StopLogging", args: { File: `/run/docker/logging/${unknown}` } };
  if (has("MetricsCollector")) return { method: "MetricsCollector.StopMetrics", args: undefined };
  return { method: "Plugin.Activate", args: undefined };
}
