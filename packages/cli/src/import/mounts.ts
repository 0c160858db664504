import { asRecord, asRecords } from "@outrigger/plugin";
import type { Fields, FoundContainer, Leftover } from "./find-container.ts";

export interface ImportedMounts {
  /** Volumes of the component that the plug-in sees. */
  readonly share: readonly { readonly name: string; readonly readOnly: boolean }[];
  /** Volumes of the plug-in's own. */
  readonly volumes: readonly { readonly name: string; readonly path: string; readonly ephemeral?: false }[];
  readonly leftovers: readonly Leftover[];
}

const kept = new Set(["name", "mountPath", "readOnly"]);

/** Sorts a container's mounts: shared with another container, its own, or of a kind that a plug-in can't bring along. */
export function importMounts(found: FoundContainer): ImportedMounts {
  const share: { name: string; readOnly: boolean }[] = [];
  const volumes: { name: string; path: string; ephemeral?: false }[] = [];
  const leftovers: Leftover[] = [];
  for (const [at, mount] of asRecords(found.container["volumeMounts"]).entries()) {
    const name = String(mount["name"]);
    const path = String(mount["mountPath"]);
    const where = `${found.path}.volumeMounts[${at}]`;
    for (const key of Object.keys(mount))
      if (!kept.has(key)) leftovers.push({ path: `${where}.${key}`, reason: "mounts have no such setting" });
    const elsewhere = pathsElsewhere(found, name);
    const volume = volumeOf(found.pod, name);
    const kind = Object.keys(volume).find((key) => key !== "name") ?? "nothing";
    if (elsewhere.length > 0) {
      share.push({ name, readOnly: mount["readOnly"] === true });
      const other = elsewhere.find((each) => each !== path);
      if (other !== undefined)
        leftovers.push({
          path: `${where}.mountPath`,
          reason: `shared volumes are mounted where the app has them: at ${other}, not ${path}`,
        });
    } else if (kind === "emptyDir") volumes.push({ name, path });
    else if (kind === "persistentVolumeClaim" || kind === "ephemeral") volumes.push({ name, path, ephemeral: false });
    else
      leftovers.push({
        path: where,
        reason: `the volume ${name} is ${article(kind)}, which a plug-in can't bring along; put its files into the image`,
      });
  }
  return { share, volumes, leftovers: [...leftovers, ...volumeLeftovers(found)] };
}

/** The pod's volumes that became nothing of the plug-in's own. */
function volumeLeftovers(found: FoundContainer): readonly Leftover[] {
  const mounted = new Set(asRecords(found.container["volumeMounts"]).map((mount) => mount["name"]));
  return asRecords(found.pod["volumes"]).flatMap((volume, at) => {
    const name = String(volume["name"]);
    const path = `${found.podPath}.volumes[${at}] (${name})`;
    if (!mounted.has(volume["name"])) return [{ path, reason: "this container does not mount it" }];
    if (pathsElsewhere(found, name).length > 0)
      return [{ path, reason: "it is the component's volume: give the component one of this name" }];
    const settings = Object.values(volume).flatMap((value) => Object.keys(asRecord(value)));
    return settings.length === 0 ? [] : [{ path, reason: `its ${settings.join(", ")} can't be set on a plug-in's volume` }];
  });
}

function pathsElsewhere(found: FoundContainer, volume: string): readonly string[] {
  return found.others.flatMap(({ container }) =>
    asRecords(container["volumeMounts"]).flatMap((mount) => (mount["name"] === volume ? [String(mount["mountPath"])] : [])),
  );
}

function volumeOf(pod: Fields, name: string): Fields {
  return asRecords(pod["volumes"]).find((volume) => volume["name"] === name) ?? {};
}

function article(kind: string): string {
  return kind === "nothing" ? "not in the template" : `a ${kind}`;
}
