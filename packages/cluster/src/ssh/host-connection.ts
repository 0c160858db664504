import type { Duplex } from "node:stream";
import type { FileTree } from "@outrigger/registry";
import type { Host } from "../model/host.ts";
import type { HostScript } from "../plan/plan.ts";

/** A piece of what a script prints. */
export type OutputListener = (stream: "stdout" | "stderr", piece: Uint8Array) => void;

export interface ExecResult {
  readonly exit: number;
  /** UTF-8, each cut at 1 MiB with a line that says so. */
  readonly stdout: string;
  readonly stderr: string;
}

/** What is known of a host after connecting. */
export interface HostFacts {
  readonly hostname: string;
  /** As Go names it: `amd64`, `arm64`. */
  readonly architecture: string;
  /** `ID` and `VERSION_ID` of os-release, e.g. `debian 12`. */
  readonly system: string;
  readonly kernel: string;
  readonly bash: boolean;
  /** True where scripts run as root without sudo. */
  readonly root: boolean;
  /** Bytes free under /var/lib. */
  readonly freeBytes: number;
  readonly memoryBytes: number;
  /** Names of the clusters whose files are on it. */
  readonly clusters: readonly string[];
  /** Milliseconds that its clock is ahead of ours. */
  readonly clockOffset: number;
}

/** A script that goes on when the connection, or this process, is lost, and is found again by its key. */
export interface DurableTask {
  /** Names the task on the host for all time: run id and task id. Started once, however often it is asked for. */
  readonly key: string;
  readonly script: HostScript;
  /** Variables that are secret: exported like the others, kept in memory on the host only (tmpfs), never in its log. */
  readonly secrets: Readonly<Record<string, string>>;
  /** Milliseconds; then the whole process group gets TERM, and KILL after 5 s. */
  readonly timeout: number;
}

/** How a durable task ended. `attached`: it had been started by an earlier connection. */
export type TaskOutcome =
  | { readonly kind: "ended"; readonly exit: number; readonly attached: boolean }
  | { readonly kind: "timed-out"; readonly attached: boolean }
  /** It was started before and is gone without an exit status: the host went down in the middle. Nothing was started now. */
  | { readonly kind: "interrupted" };

export interface DistributeProgress {
  readonly sentBytes: number;
  readonly totalBytes: number;
}

/** One host, connected; connects again by itself (back-off, for `patience`) when the connection drops. Every method fails with an error that names the host. */
export interface HostConnection {
  readonly host: Host;
  readonly facts: () => Promise<HostFacts>;
  /** Runs a short script as root (sudo -n for other users), on stdin. Ends with the connection: for things that can be asked again. */
  readonly exec: (
    script: HostScript,
    options: {
      readonly timeout: number;
      readonly signal?: AbortSignal;
      readonly secrets?: Readonly<Record<string, string>>;
      readonly onOutput?: OutputListener;
    },
  ) => Promise<ExecResult>;
  readonly run: (task: DurableTask, options: { readonly signal: AbortSignal; readonly onOutput: OutputListener }) => Promise<TaskOutcome>;
  /** Forgets what the host keeps of tasks whose keys begin so (logs, exit status), and the folder with what they gave. */
  readonly forgetTasks: (keyPrefix: string, outputs?: string) => Promise<void>;
  /** Makes a folder hold exactly this tree. What is there with the right digest is not sent; an interrupted transfer goes on where it stopped. */
  readonly distribute: (
    tree: FileTree,
    folder: string,
    options: { readonly signal: AbortSignal; readonly onProgress?: (progress: DistributeProgress) => void },
  ) => Promise<{ readonly sentBytes: number; readonly unchanged: boolean }>;
  /** At most 64 MiB. */
  readonly readFile: (path: string) => Promise<Uint8Array>;
  /** Whole or not at all. */
  readonly writeFile: (path: string, content: Uint8Array, mode: number) => Promise<void>;
  /** A TCP connection from the host to somewhere, e.g. its Kubernetes API. */
  readonly openStream: (address: string, port: number) => Promise<Duplex>;
}

/** All connections of an operation, each host's opened once, when first asked for. */
export interface HostConnections {
  readonly get: (ip: string) => Promise<HostConnection>;
  readonly close: () => Promise<void>;
}
