import type { PlainProblem, Problem, Reading } from "@outrigger/plugin";
import { withoutPosition } from "@outrigger/plugin";
import type { Clusterfile } from "../model/clusterfile.ts";
import type { Host, SecretSource, SshAccess } from "../model/host.ts";
import { checkName } from "./cluster-document.ts";
import { variablesOf } from "./environment.ts";
import { hostsOf, type WrittenHosts } from "./hosts.ts";
import { completeAccess } from "./ssh-fields.ts";

/** Hosts and their access as the options of `cluster run`, `join` and `scale` give them. */
export interface HostOptions {
  /** Comma lists of addresses and ranges. */
  readonly masters?: string;
  readonly nodes?: string;
  readonly user?: string;
  readonly port?: number;
  /** A private key's file. */
  readonly key?: string;
  readonly keyPassphrase?: SecretSource;
  readonly password?: SecretSource;
  /** `K=V` each; a key that stands twice, or a value with semicolons, is a list. */
  readonly env?: readonly string[];
}

export interface RunOptions extends HostOptions {
  readonly image: string;
  /** Default: `my-cluster`, as Sealer's. */
  readonly name?: string;
  readonly commandArguments?: readonly string[];
}

/** What stands for a Clusterfile where `cluster run` has none. Problems have the option's name as their path. */
export function clusterfileOfOptions(options: RunOptions): Reading<Clusterfile> {
  const problems: Problem[] = [];
  const say = (problem: PlainProblem): void => void problems.push(withoutPosition(problem));
  const { image, name = "my-cluster", commandArguments = [] } = options;
  checkName(name, (problem) => say({ ...problem, path: ["name"] }));
  if (options.masters === undefined) {
    const hint = "Write -m 10.0.0.1, or -m 10.0.0.1,10.0.0.2,10.0.0.3; or give a Clusterfile with -f.";
    say({ path: ["masters"], code: "value-required", message: "No masters are given.", hint });
    return { ok: false, problems };
  }
  const hosts = hostsOf(groupsOf(options, undefined, say), ["masters"], say);
  if (problems.length > 0) return { ok: false, problems };
  const value = { file: "", name, image, hosts, commandArguments, settings: {}, configs: [], kubeadm: [], plugins: [], warnings: [] };
  return { ok: true, value };
}

/** The hosts that options name, masters first; masters may be missing. @param like an access that fills in what the options leave open, its secrets too */
export function hostsOfOptions(options: HostOptions, like?: SshAccess): Reading<readonly Host[]> {
  const problems: Problem[] = [];
  const say = (problem: PlainProblem): void => {
    if (problem.code !== "value-required") problems.push(withoutPosition(problem));
  };
  const hosts = hostsOf(groupsOf(options, like, say), ["masters"], say);
  return problems.length > 0 ? { ok: false, problems } : { ok: true, value: hosts };
}

function groupsOf(options: HostOptions, like: SshAccess | undefined, say: (problem: PlainProblem) => void): readonly WrittenHosts[] {
  const env = variablesOf(options.env, ["env"], say);
  const { user, port, key, keyPassphrase, password } = options;
  const access = completeAccess({
    ...(like === undefined ? {} : { user: like.user, port: like.port }),
    ...(like?.password === undefined ? {} : { password: like.password }),
    ...(like?.key === undefined ? {} : { keyPath: like.key.path }),
    ...(like?.key?.passphrase === undefined ? {} : { passphrase: like.key.passphrase }),
    ...(user === undefined ? {} : { user }),
    ...(port === undefined ? {} : { port }),
    ...(password === undefined ? {} : { password }),
    ...(key === undefined ? {} : { keyPath: key }),
    ...(keyPassphrase === undefined ? {} : { passphrase: keyPassphrase }),
  });
  const group = (text: string | undefined, role: "master" | "node"): readonly WrittenHosts[] =>
    text === undefined ? [] : [{ ips: [text], path: [`${role}s`], roles: [role], access, env, labels: {}, taints: [] }];
  return [...group(options.masters, "master"), ...group(options.nodes, "node")];
}
