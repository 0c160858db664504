import { readdir, readFile } from "node:fs/promises";

interface Watched {
  readonly leader: number;
  readonly limit: number;
  readonly exceeded: (used: number) => void;
}

const watched = new Set<Watched>();
let timer: NodeJS.Timeout | undefined;

/** Looks every second at the resident memory of a process group, and tells once when it is above the limit. Gives what ends the watch. */
export function watchMemory(leader: number, limit: number, exceeded: (used: number) => void): () => void {
  const entry: Watched = { leader, limit, exceeded };
  watched.add(entry);
  timer ??= setInterval(() => void look(), 1_000).unref();
  return () => {
    watched.delete(entry);
    if (watched.size > 0) return;
    clearInterval(timer);
    timer = undefined;
  };
}

let looking = false;

/** One pass over /proc for all of them. */
async function look(): Promise<void> {
  if (looking) return;
  looking = true;
  const used = new Map([...watched].map(({ leader }) => [leader, 0]));
  for (const name of await readdir("/proc")) {
    if (!/^\d+$/.test(name)) continue;
    const group = groupOf(await readFile(`/proc/${name}/stat`, "utf8").catch(() => ""));
    const sum = group === undefined ? undefined : used.get(group);
    if (group === undefined || sum === undefined) continue;
    used.set(group, sum + residentOf(await readFile(`/proc/${name}/status`, "utf8").catch(() => "")));
  }
  looking = false;
  for (const entry of watched) {
    const bytes = used.get(entry.leader) ?? 0;
    if (bytes <= entry.limit) continue;
    watched.delete(entry);
    entry.exceeded(bytes);
  }
}

/** The process group in /proc/PID/stat; the name before it, in brackets, can hold anything (proc(5)). */
function groupOf(stat: string): number | undefined {
  const group = stat.slice(stat.lastIndexOf(")") + 2).split(" ")[2];
  return group === undefined ? undefined : Number(group);
}

function residentOf(status: string): number {
  return Number(/^VmRSS:\s+(\d+) kB$/m.exec(status)?.[1] ?? 0) * 1024;
}
