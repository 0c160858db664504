/** An inspected container, as far as it tells of the host. */
export interface Inspected {
  readonly HostConfig: Readonly<Record<string, unknown>>;
  readonly Mounts?: readonly { readonly Type: string; readonly Source: string; readonly Name?: string; readonly Driver?: string }[];
}

/** What gives a container more than containers have by themselves, asked of the engine after the fact; independent of `policy` and its rules. `CgroupnsMode` is host by itself where cgroups are v1. */
export function hostAccess({ HostConfig: host, Mounts = [] }: Inspected): readonly string[] {
  const filled = (value: unknown): boolean => Array.isArray(value) && value.length > 0;
  const found: readonly (readonly [string, boolean])[] = [
    ["Privileged", host["Privileged"] === true],
    ["bind", Mounts.some(({ Type }) => Type === "bind") || filled(host["Binds"])],
    [
      "Mounts",
      filled(
        (
          host["Mounts"] as readonly { readonly VolumeOptions?: { readonly DriverConfig?: { readonly Options?: object } } }[] | null
        )?.filter((mount) => mount.VolumeOptions?.DriverConfig?.Options !== undefined),
      ),
    ],
    ["CapAdd", filled(host["CapAdd"])],
    ...["PidMode", "IpcMode", "UTSMode", "NetworkMode", "UsernsMode"].map((mode) => [mode, host[mode] === "host"] as const),
    ["Devices", filled(host["Devices"])],
    ["DeviceCgroupRules", filled(host["DeviceCgroupRules"])],
    ["SecurityOpt", filled(host["SecurityOpt"])],
    ["CgroupParent", host["CgroupParent"] !== ""],
    ["MaskedPaths", host["MaskedPaths"] === null || !filled(host["MaskedPaths"])],
    ["ReadonlyPaths", host["ReadonlyPaths"] === null || !filled(host["ReadonlyPaths"])],
    ["VolumesFrom", filled(host["VolumesFrom"])],
  ];
  return found.filter(([, is]) => is).map(([name]) => name);
}
