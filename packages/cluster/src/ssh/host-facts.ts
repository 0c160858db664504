import type { Host } from "../model/host.ts";
import { hostFolder } from "../plan/plan-input.ts";
import type { HostFacts } from "./host-connection.ts";
import { runRootShell } from "./root-shell.ts";
import type { SshLink } from "./ssh-link.ts";
import { outOfTheWay } from "./wrapper-words.ts";

const program = `say() { printf '%s=%s\\n' "$1" "$2"; }
say clock "$(date +%s%N)"
say hostname "$(< /proc/sys/kernel/hostname)"
say kernel "$(< /proc/sys/kernel/osrelease)"
say machine "$(uname -m)"
say root "$UID"
(
  ID=linux VERSION_ID=
  for file in /etc/os-release /usr/lib/os-release; do [[ -r $file ]] && . "$file" && break; done
  say system "$ID\${VERSION_ID:+ $VERSION_ID}"
) 2>/dev/null
read -r _ memory _ < /proc/meminfo
say memory "$memory"
folder=${hostFolder}
[[ -d $folder ]] || folder=/var/lib
df -Pk "$folder" 2>/dev/null | { read -r _; read -r _ _ _ free _; say free "$free"; }
for folder in "$folder"/clusters/*/; do [[ -d $folder ]] && say cluster "$(basename "$folder")"; done
finish known
`;

/** As Go names them, by what the kernel calls them. */
const architectures: Readonly<Record<string, string>> = {
  x86_64: "amd64",
  aarch64: "arm64",
  armv7l: "arm",
  i686: "386",
  ppc64le: "ppc64le",
  s390x: "s390x",
  riscv64: "riscv64",
};

export async function readHostFacts(link: SshLink, host: Host): Promise<HostFacts> {
  const pieces: Uint8Array[] = [];
  const asked = Date.now();
  const words = await runRootShell(link, host, {
    program,
    onOutput: (stream, piece) => {
      if (stream === "stdout") pieces.push(piece);
    },
  });
  const answered = Date.now();
  outOfTheWay(host, words);
  const lines = Buffer.concat(pieces)
    .toString("utf8")
    .split("\n")
    .map((line) => [line.slice(0, line.indexOf("=")), line.slice(line.indexOf("=") + 1)] as const);
  const facts = new Map(lines);
  const text = (name: string): string => facts.get(name) ?? "";
  return {
    hostname: text("hostname"),
    architecture: architectures[text("machine")] ?? text("machine"),
    system: text("system"),
    kernel: text("kernel"),
    bash: true,
    root: host.ssh.user === "root",
    freeBytes: Number(text("free")) * 1024,
    memoryBytes: Number(text("memory")) * 1024,
    clusters: lines.flatMap(([name, value]) => (name === "cluster" ? [value] : [])),
    clockOffset: Math.round(Number(text("clock")) / 1e6 - (asked + answered) / 2),
  };
}
