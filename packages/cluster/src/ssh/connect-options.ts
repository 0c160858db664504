import type { Host, SecretSource } from "../model/host.ts";

/** A host key that was unknown and is trusted from now on. */
export interface TrustedHostKey {
  readonly host: Host;
  /** e.g. `ssh-ed25519`. */
  readonly algorithm: string;
  /** `SHA256:...`, as OpenSSH shows it. */
  readonly fingerprint: string;
  /** The known_hosts that it was written to. */
  readonly file: string;
}

/** A connection that dropped, or is there again. */
export interface LinkEvent {
  readonly host: Host;
  readonly kind: "lost" | "back";
  /** Why it was lost, for people. */
  readonly reason?: string;
}

export interface ConnectOptions {
  /** The cluster's own known_hosts; made with mode 0600 when the first key is trusted. */
  readonly knownHosts: string;
  /** Read, never written. Default: ~/.ssh/known_hosts; `false`: none. */
  readonly userKnownHosts?: string | false;
  /** True: unknown host keys are refused instead of trusted at first use. */
  readonly strict?: boolean;
  /** Gives the text of a secret; asked at most once for each host and purpose. */
  readonly readSecret: (source: SecretSource, purpose: string) => Promise<string>;
  /** Told of every key that is trusted at first use, before anything is sent to the host. */
  readonly onTrust: (trusted: TrustedHostKey) => void;
  readonly onLink?: (event: LinkEvent) => void;
  /** The agent's socket. Default: SSH_AUTH_SOCK; `false`: none. */
  readonly agent?: string | false;
  /** Where the usual keys are looked for (id_ed25519, id_ecdsa, id_rsa). Default: ~/.ssh; `false`: nowhere. */
  readonly keyFolder?: string | false;
  /** Milliseconds for each attempt to connect; default 15,000. */
  readonly connectTimeout?: number;
  /** Milliseconds for which a connection that dropped is tried anew; default 300,000. */
  readonly patience?: number;
  /** Milliseconds between questions whether the host is still there; three without an answer drop the connection. Default 5,000. */
  readonly keepalive?: number;
}
