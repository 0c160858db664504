import { copyFileSync, existsSync, mkdirSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { sshHosts } from "../tests/support/ssh-hosts.ts";

/** What `examples/tiny-cluster/hosts COUNT FOLDER` runs. */
const [count = "3", folder = "."] = process.argv.slice(2);
if (process.getuid?.() !== 0 || !existsSync("/usr/sbin/sshd")) {
  console.error("hosts: this needs root, and /usr/sbin/sshd of Debian's openssh-server (apt-get install openssh-server iproute2 sudo).");
  process.exit(1);
}

const stop = Promise.withResolvers<void>();
for (const signal of ["SIGINT", "SIGTERM"]) process.once(signal, () => stop.resolve());

const endings: (() => unknown)[] = [];
const { hosts, keyFile } = await sshHosts({ after: (ending: unknown) => void endings.push(ending as () => unknown) }, Number(count));
const addresses = hosts.map(({ ip }) => ip);
mkdirSync(folder, { recursive: true });
copyFileSync(keyFile, join(folder, "key"));
writeFileSync(join(folder, "addresses"), `${addresses.join("\n")}\n`);
console.log(`${count} hosts: ${addresses.join(" ")}; ssh -i ${join(resolve(folder), "key")} root@${addresses[0]}`);
await stop.promise;
for (const ending of endings.toReversed()) await ending();
