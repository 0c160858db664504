import { constants, type FileHandle, open } from "node:fs/promises";
import { defineEnginePlugin, type EnginePlugin } from "@outrigger/sdk";

/** The path of something below an open folder. */
const below = (folder: FileHandle, name: string): string => `/proc/self/fd/${folder.fd}/${name}`;
const folderFlags = constants.O_DIRECTORY | constants.O_NOFOLLOW;

/** Opens a file below a root step by step and never through a link: the container's links are its own, and may lead out of it. */
async function openBelow(root: string, folders: readonly string[], name: string): Promise<FileHandle> {
  let folder = await open(root, folderFlags);
  for (const step of folders) {
    const outer = folder;
    folder = await open(below(outer, step), folderFlags).finally(() => outer.close());
  }
  const flags = constants.O_WRONLY | constants.O_CREAT | constants.O_TRUNC | constants.O_NOFOLLOW;
  return await open(below(folder, name), flags, 0o644).finally(() => folder.close());
}

/** `export NAME='value'`, for any shell. */
function exported(entry: string): string {
  const at = entry.indexOf("=");
  return `export ${entry.slice(0, at)}='${entry.slice(at + 1).replaceAll("'", "'\\''")}'\n`;
}

const plugin: EnginePlugin = defineEnginePlugin({
  name: "variables-in-rootfs",
  hooks: {
    async "container.postUpdate"({ container, rootfs }, { settings, log }) {
      if (rootfs === null) return;
      const entries = (container.env ?? []).filter((entry) => /^[A-Za-z_]\w*=/.test(entry));
      const file = await openBelow(rootfs, ["etc", "profile.d"], String(settings["file"]?.["name"]));
      try {
        await file.writeFile(entries.map(exported).join(""));
      } finally {
        await file.close();
      }
      log("wrote the variables", { container: container.name, count: entries.length });
    },
  },
});

export default plugin;
