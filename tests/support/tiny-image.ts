import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

const programs = ["sh", "cat", "sleep", "true", "echo", "env", "touch", "ls", "id", "df"];

/** Puts an image of some busybox programs into an engine. `changes` are lines of a Dockerfile, e.g. `VOLUME /data`. */
export function tinyImage(host: string, name: string, changes: readonly string[] = []): void {
  const folder = mkdtempSync(join(tmpdir(), "outrigger-image-"));
  try {
    const [root, tar] = [join(folder, "root"), join(folder, "image.tar")];
    const lines = [
      'mkdir -p "$1/bin" "$1/tmp" "$1/etc/profile.d" "$1/proc" "$1/dev"',
      'cp /bin/busybox "$1/bin/"',
      'printf "root:x:0:0:root:/root:/bin/sh\\n" > "$1/etc/passwd"',
      `for program in ${programs.join(" ")}; do ln -s busybox "$1/bin/$program"; done`,
      'tar -C "$1" -cf "$2" .',
    ];
    execFileSync("sh", ["-ec", lines.join("\n"), "sh", root, tar]);
    const options = changes.flatMap((change) => ["--change", change]);
    execFileSync("docker", ["-H", host, "import", ...options, tar, name], { stdio: "pipe" });
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
