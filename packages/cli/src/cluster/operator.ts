import type { ClusterFolder, Host, Operator, SecretSource } from "@outrigger/cluster";
import { secretReader } from "../read-secret.ts";
import type { RunFlags } from "./cluster-options.ts";
import { openReporter, type Reporter } from "./reporter.ts";

export interface OpenedOperator extends Operator {
  readonly reporter: Reporter;
  readonly close: () => void;
}

/** What a command brings to a run: connections, a way to ask for secrets, somebody who watches, and Ctrl-C. */
export async function openOperator(folder: ClusterFolder, flags: RunFlags): Promise<OpenedOperator> {
  const { connectHosts, createSecrets, parseSecretOption } = await import("@outrigger/cluster");
  const reporter = await openReporter(flags);
  const secrets = createSecrets();
  const cancel = new AbortController();
  const stop = (): void => {
    // Nothing is lost by it: the journal has all that ended, and the hosts know the rest.
    if (cancel.signal.aborted) process.exit(130);
    reporter.say("Cancelling: what runs on the hosts is told to end. Ctrl-C once more leaves at once.");
    cancel.abort();
  };
  for (const signal of ["SIGINT", "SIGTERM"] as const) process.on(signal, stop);
  const given = flags.password === undefined ? undefined : parseSecretOption("-p", flags.password === true ? undefined : flags.password);
  const readSecret = secretMemory(secrets.add);
  return {
    folder,
    connect: (hosts) =>
      connectHosts(given === undefined ? hosts : hosts.map((host) => withPassword(host, given)), {
        knownHosts: folder.knownHosts,
        strict: flags.strictHostKeys === true,
        patience: flags.patience * 1000,
        readSecret,
        onTrust: ({ host, algorithm, fingerprint }) =>
          reporter.say(`Trusting the host key of ${host.ip} at first use: ${algorithm} ${fingerprint}`),
        onLink: ({ host, kind, reason }) =>
          reporter.say(
            kind === "lost"
              ? `${host.ip} is out of reach${reason === undefined ? "" : ` (${reason})`}; trying again.`
              : `${host.ip} is back.`,
          ),
      }),
    report: reporter.report,
    secrets,
    signal: cancel.signal,
    reporter,
    close: () => {
      for (const signal of ["SIGINT", "SIGTERM"] as const) process.off(signal, stop);
      reporter.close();
    },
  };
}

/** A password on the command line counts for hosts whose own was not written down, or that have none. */
function withPassword(host: Host, password: SecretSource): Host {
  const own = host.ssh.password;
  return own === undefined || own.from === "prompt" ? { ...host, ssh: { ...host.ssh, password } } : host;
}

/** Asks for each secret once: hosts whose passwords are asked for have the same one, as with Sealer. */
function secretMemory(add: (secret: string) => void): (source: SecretSource, purpose: string) => Promise<string> {
  const type = secretReader();
  const known = new Map<string, Promise<string>>();
  return async (source, purpose) => {
    const { resolveSecret } = await import("@outrigger/cluster");
    const key = source.from === "prompt" ? `prompt ${/passphrase/i.test(purpose) ? purpose : "password"}` : JSON.stringify(source);
    const secret =
      known.get(key) ??
      resolveSecret(source, source.from === "prompt" && key === "prompt password" ? "SSH password of the hosts" : purpose, type).then(
        (each) => each.text(),
      );
    known.set(key, secret);
    add(await secret);
    return secret;
  };
}
