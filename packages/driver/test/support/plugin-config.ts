import type { PluginConfig } from "@outrigger/driver";

/** A configuration with nothing in it but what is given. */
export function pluginConfig(given: Partial<PluginConfig> = {}): PluginConfig {
  return {
    Args: { Name: "", Description: "", Settable: null, Value: null },
    Description: "",
    Documentation: "",
    Entrypoint: ["/driver"],
    Env: null,
    Interface: { Types: ["docker.volumedriver/1.0"], Socket: "driver.sock" },
    IpcHost: false,
    Linux: { Capabilities: null, AllowAllDevices: false, Devices: null },
    Mounts: null,
    Network: { Type: "" },
    PidHost: false,
    PropagatedMount: "",
    User: {},
    WorkDir: "",
    ...given,
  };
}
