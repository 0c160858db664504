import { clusterErrors } from "../errors.ts";
import type { Host } from "../model/host.ts";

/**
 * The words that a program of ours has finished with, unless they say that it could not do its work.
 *
 * @param complaints what it has printed to stderr
 * @throws host-bash-missing; host-disk-full; host-command-failed
 */
export function outOfTheWay(host: Host, words: string, complaints = ""): readonly string[] {
  const [kind = "", ...rest] = words.split(" ");
  // Of several lines the first is the cause; tar tells last that there were some.
  const complaint = complaints.split("\n").find((line) => line.trim() !== "");
  const reason = [rest.join(" "), ...(complaint === undefined ? [] : [complaint.trim()])].join(": ");
  if (kind === "old-bash") throw clusterErrors["host-bash-missing"]({ host: host.ip, reason: `it has bash ${reason}` });
  if (kind === "no-room") throw clusterErrors["host-disk-full"]({ host: host.ip, what: "what Outrigger keeps there", reason });
  if (kind === "failed") {
    // tar says of a write that was cut short only how much it wrote.
    const room = /no space left|disk quota|wrote only \d+ of \d+ bytes/i.test(reason);
    if (room) throw clusterErrors["host-disk-full"]({ host: host.ip, what: "what Outrigger keeps there", reason });
    throw clusterErrors["host-command-failed"]({ host: host.ip, what: "a script of Outrigger", reason });
  }
  return [kind, ...rest];
}
