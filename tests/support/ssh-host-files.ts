import { execFileSync } from "node:child_process";
import { chmodSync, chownSync, cpSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";

/**
 * Runs as a host's first process, in namespaces of its own; its words are the hostname, the disk's folder, the host's number, its address and the id of the
 * process that owns the switch. Says a line when sshd listens.
 */
export const startHostScript = `set -e
hostname "$0"
# The number 1 is this process: in its own namespace, where the switch's end is made.
nsenter --net=/proc/$4/ns/net sh -ec "ip link delete port-$2 2>/dev/null || true
ip link add port-$2 type veth peer name eth0 address 02:00:00:00:00:$(printf %02x $2) netns 1
ip link set port-$2 master switch0 up"
ip link set lo up
ip address add "$3/24" dev eth0
ip link set eth0 up
ip route add default via "\${3%.*}.1"
cd "$1"
mount -t overlay -o "lowerdir=../common:/,upperdir=$1/upper,workdir=$1/work" overlay root
cd root
mount -t proc proc proc
mount -t sysfs -o ro sysfs sys
mount --bind proc/sys proc/sys
mount -o remount,bind,ro proc/sys
mount --bind /proc/sys/net proc/sys/net
mount -t tmpfs -o mode=0755 tmpfs run
mount -t tmpfs -o mode=1777 tmpfs tmp
mount --bind ../state var/lib/outrigger
mount -t tmpfs -o mode=0755 tmpfs dev
mkdir run/sshd run/lock dev/pts dev/shm
for each in null zero full random urandom tty; do touch dev/$each; mount --bind /dev/$each dev/$each; done
mount -t devpts -o newinstance,ptmxmode=0666,mode=0620,gid=5 devpts dev/pts
mount -t tmpfs -o mode=1777 tmpfs dev/shm
ln -s pts/ptmx dev/ptmx
ln -s /proc/self/fd dev/fd
ln -s /proc/self/fd/0 dev/stdin
ln -s /proc/self/fd/1 dev/stdout
ln -s /proc/self/fd/2 dev/stderr
exec env -i PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin chroot . bash -c '
  /usr/sbin/sshd || exit 1
  until [[ -s /run/sshd.pid ]]; do sleep 0.005; done
  echo listening
  exec >/dev/null 2>&1 </dev/null
  # As an init does: every orphan becomes a child of this shell, which waits for all.
  while :; do sleep 86400 & wait $!; done'
`;

const sshdConfig = `HostKey /etc/ssh/ssh_host_ed25519_key
PermitRootLogin yes
PasswordAuthentication yes
KbdInteractiveAuthentication no
UsePAM yes
PrintMotd no
UseDNS no
PidFile /run/sshd.pid
Subsystem sftp /usr/lib/openssh/sftp-server
`;

const users = [
  { name: "deploy", id: 1500 },
  { name: "plain", id: 1501 },
] as const;

export interface HostFilesOptions {
  readonly password: string;
  readonly sshdConfig?: readonly string[];
}

/** Writes `common/`, which all hosts have over this machine's files, and `0/`, `1/`, ...: each host's disk. `keys` gets the key pair that may log in. */
export function layHostFiles(
  disks: string,
  keys: string,
  count: number,
  options: HostFilesOptions,
): { readonly keyFile: string; readonly hostKeys: readonly string[] } {
  const keyFile = join(keys, "id_ed25519");
  keyPair(keyFile);
  const common = join(disks, "common");
  const write = (path: string, text: string, mode = 0o644): void => {
    const file = join(common, path);
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, text);
    chmodSync(file, mode);
  };
  const hash = execFileSync("openssl", ["passwd", "-6", "-stdin"], { input: options.password, encoding: "utf8" }).trim();
  const lines = (line: (user: (typeof users)[number]) => string): string => users.map((user) => `${line(user)}\n`).join("");
  const account = ({ name, id }: (typeof users)[number]): string => `${name}:x:${id}:${id}::/home/${name}:/bin/bash`;
  const shadow = readFileSync("/etc/shadow", "utf8").replace(/^root:[^:]*/m, `root:${hash.replaceAll("$", "$$$$")}`);
  write("etc/passwd", readFileSync("/etc/passwd", "utf8") + lines(account));
  write("etc/group", readFileSync("/etc/group", "utf8") + lines(({ name, id }) => `${name}:x:${id}:`));
  write("etc/shadow", shadow + lines(({ name }) => `${name}:${hash}:20000:0:99999:7:::`), 0o600);
  write("etc/sudoers.d/deploy", "deploy ALL=(ALL:ALL) NOPASSWD: ALL\n", 0o440);
  write("etc/ssh/sshd_config", [...(options.sshdConfig ?? []), sshdConfig].join("\n"));
  mkdirSync(join(common, "var/lib/outrigger"), { recursive: true });
  const homes = [{ home: "root", id: 0 }, ...users.map(({ name, id }) => ({ home: `home/${name}`, id }))];
  for (const { home, id } of homes) {
    mkdirSync(join(common, home, ".ssh"), { recursive: true });
    cpSync(`${keyFile}.pub`, join(common, home, ".ssh/authorized_keys"));
    for (const path of ["", ".ssh", ".ssh/authorized_keys"]) {
      chownSync(join(common, home, path), id, id);
      chmodSync(join(common, home, path), path.endsWith("keys") ? 0o600 : 0o700);
    }
  }
  // Without what lies in this machine's /root.
  execFileSync("setfattr", ["-n", "trusted.overlay.opaque", "-v", "y", join(common, "root")]);
  const hostKeys: string[] = [];
  for (let index = 0; index < count; index += 1) {
    for (const part of ["upper/etc/ssh", "work", "root", "state"]) mkdirSync(join(disks, String(index), part), { recursive: true });
    const file = join(disks, String(index), "upper/etc/ssh/ssh_host_ed25519_key");
    keyPair(file);
    writeFileSync(join(disks, String(index), "upper/etc/hostname"), `host-${index + 1}\n`);
    writeFileSync(join(disks, String(index), "upper/etc/hosts"), `127.0.0.1 localhost\n127.0.1.1 host-${index + 1}\n`);
    hostKeys.push(readFileSync(`${file}.pub`, "utf8").split(" ").slice(0, 2).join(" "));
  }
  return { keyFile, hostKeys };
}

function keyPair(file: string): void {
  execFileSync("ssh-keygen", ["-q", "-t", "ed25519", "-N", "", "-C", "", "-f", file]);
}
