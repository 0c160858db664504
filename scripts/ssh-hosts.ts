import { copyFileSync, mkdirSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { sshHosts } from "../tests/support/ssh-hosts.ts";

/**
 * `npm run hosts -- COUNT FOLDER`: machines made of namespaces, each with a real sshd, to try clusters on without having any. Writes their addresses, one a
 * line, to FOLDER/addresses when all answer, and the private key that opens them is FOLDER/key. They end with this program, and leave nothing. Needs root and Linux.
 */
const [count = "3", folder = "."] = process.argv.slice(2);
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
