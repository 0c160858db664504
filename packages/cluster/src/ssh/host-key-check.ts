import { homedir } from "node:os";
import { join } from "node:path";
import type { OutriggerError } from "@outrigger/plugin";
import { clusterErrors } from "../errors.ts";
import type { Host } from "../model/host.ts";
import type { ConnectOptions } from "./connect-options.ts";
import { addKnownHost, fingerprintOf, type KnownKey, knownHostName, namesHost, readKnownHosts, typeOfKey } from "./known-hosts.ts";

/** What is known of one host's keys, read before connecting. */
export interface HostKeyCheck {
  /** Types of which a key is known. */
  readonly knownTypes: ReadonlySet<string>;
  /** Gives why a key is refused; an unknown one is trusted and written down, unless `strict`. */
  readonly refusal: (key: Buffer) => OutriggerError | undefined;
}

/** @throws known-hosts-unusable */
export function hostKeyCheck(host: Host, options: ConnectOptions): HostKeyCheck {
  const name = knownHostName(host.ip, host.ssh.port);
  const usersFile = options.userKnownHosts ?? join(homedir(), ".ssh", "known_hosts");
  const users = usersFile === false ? [] : readKnownHosts(usersFile, "the user's");
  const known = [...readKnownHosts(options.knownHosts), ...users].filter(({ names }) => namesHost(names, name));
  const valid = known.filter(({ marker }) => marker === undefined);
  const refusal = (key: Buffer): OutriggerError | undefined => {
    const same = known.filter((each) => each.key.equals(key));
    const found = fingerprintOf(key);
    const revoked = same.find(({ marker }) => marker === "revoked");
    if (revoked !== undefined) return clusterErrors["host-key-revoked"]({ host: host.ip, found, file: revoked.file, line: revoked.line });
    if (same.length > 0) return undefined;
    const other = changedKey(valid, typeOfKey(key));
    if (other !== undefined) {
      const where = { file: other.file, line: other.line, name };
      return clusterErrors["host-key-changed"]({ host: host.ip, found, known: fingerprintOf(other.key), ...where });
    }
    if (options.strict === true) return clusterErrors["host-key-unknown"]({ host: host.ip, found, file: options.knownHosts });
    addKnownHost(options.knownHosts, name, key);
    options.onTrust({ host, algorithm: typeOfKey(key), fingerprint: found, file: options.knownHosts });
    return undefined;
  };
  return { knownTypes: new Set(valid.map(({ type }) => type)), refusal };
}

/** Any key that is known counts, also of another type: types that are known are asked for first, so the host no longer has that one. */
function changedKey(valid: readonly KnownKey[], type: string): KnownKey | undefined {
  return valid.find((each) => each.type === type) ?? valid[0];
}
