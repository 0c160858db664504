import { readFileSync } from "node:fs";
import { Readable } from "node:stream";
import { pack } from "tar-stream";
import { imageExists, importImage } from "../../scripts/engine-objects.ts";

const name = "outrigger-test/busybox:1";

/** The name of an image that holds busybox alone, made from Debian's busybox-static where the engine has none yet. */
export async function tinyImage(): Promise<string> {
  if (await imageExists(name)) return name;
  const tar = pack();
  tar.entry({ name: "bin/", type: "directory", mode: 0o755 });
  tar.entry({ name: "bin/busybox", mode: 0o755 }, readFileSync("/bin/busybox"));
  for (const applet of [
    "sh",
    "sleep",
    "echo",
    "cat",
    "true",
    "false",
    "nc",
    "httpd",
    "wget",
    "env",
    "ls",
    "touch",
    "dd",
    "kill",
    "mkdir",
  ]) {
    tar.entry({ name: `bin/${applet}`, type: "symlink", linkname: "busybox" });
  }
  tar.entry({ name: "tmp/", type: "directory", mode: 0o1777 });
  tar.finalize();
  await importImage(Readable.from(tar as AsyncIterable<Buffer>), name);
  return name;
}
