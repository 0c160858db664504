import type { ContainerRole, Pod, PodDiff, PodKey, SecretReference } from "@outrigger/pod";

/** `waiting`: held back (by a dependency, a port in use, a missing image); `ready`: every container runs and passes its readiness probe. */
export type PodState = "waiting" | "starting" | "running" | "ready" | "failing" | "stopping" | "stopped";

export interface ContainerStatus {
  readonly name: string;
  readonly role: ContainerRole;
  /** `NAME@VERSION`; absent for the app. */
  readonly plugin?: string;
  readonly image: string;
  readonly state: "waiting" | "running" | "exited";
  readonly ready: boolean;
  /** How often it has been started again since its pod was made. */
  readonly restarts: number;
  readonly exitCode?: number;
  /** Why it is not running or not ready, e.g. `killed by SIGKILL (exit 137)`, `out of memory (limit 64Mi)`, `exit 1: last line of its log`. */
  readonly reason?: string;
  /** RFC 3339. */
  readonly startedAt?: string;
  readonly finishedAt?: string;
  /** The settings in the container's kept files; absent where it has none, or none yet. */
  readonly settings?: KeptSettings;
}

/** What a container's kept files hold. */
export interface KeptSettings {
  /** Of the installation's values. */
  readonly revision: number;
  /** Since when, RFC 3339. */
  readonly at: string;
  /** Why newer settings were refused (the file's check failed) or not taken (the reload failed); the former ones stay. */
  readonly problem?: string;
}

/** How a pod fares. */
export interface PodStatus {
  readonly key: PodKey;
  /** Which of the component's pods, from 0. */
  readonly replica: number;
  readonly name: string;
  readonly state: PodState;
  /** Why it waits or fails; also the last mishap that was mended. */
  readonly reason?: string;
  readonly ip?: string;
  readonly node?: string;
  readonly containers: readonly ContainerStatus[];
  /** True when what runs is what was last asked for. */
  readonly upToDate: boolean;
}

/** Something that happened to a pod, worth telling a person. */
export interface PodEvent {
  readonly key: PodKey;
  readonly kind: "normal" | "warning";
  /** e.g. `started`, `killed`, `out-of-memory`, `probe-failed`, `image-missing`, `port-taken`, `restarted`, `recreated`. */
  readonly reason: string;
  readonly message: string;
}

export interface LogLine {
  /** Which of the component's pods, from 0. */
  readonly replica: number;
  readonly container: string;
  readonly stream: "stdout" | "stderr";
  /** RFC 3339 with nanoseconds. */
  readonly time: string;
  readonly text: string;
}

export interface LogOptions {
  /** Containers by name; absent: all, init containers too. */
  readonly containers?: readonly string[];
  /** One of the component's pods; absent: all. */
  readonly replica?: number;
  readonly follow?: boolean;
  /** Last lines of each container; absent: all. */
  readonly tail?: number;
  readonly signal?: AbortSignal;
}

export interface RuntimeOptions {
  /** Tells this server's pods from another's on the same engine. */
  readonly owner: string;
  /** The text of a secret, asked for just before a container is made. */
  readonly secret: (key: PodKey, reference: SecretReference) => Promise<string>;
  /** Credentials for a registry by host name, where the team has stored some. */
  readonly credentials: (team: string, registry: string) => Promise<RegistryCredentials | undefined>;
  /** A folder of the runtime's own on the engine's machine, for files that it keeps in containers; made when missing. */
  readonly filesFolder: string;
  /**
   * Told at the start and whenever a network comes or goes: every network of this owner's applications. Containers are started after it has ended, so
   * that they find discovery there.
   */
  readonly onNetworks: (networks: readonly ApplicationNetwork[]) => Promise<void>;
  readonly onStatus: (status: PodStatus) => void;
  readonly onEvent: (event: PodEvent) => void;
}

/** The network that an application's pods share with their host, and with nobody else. */
export interface ApplicationNetwork {
  readonly team: string;
  readonly application: string;
  /** The host's own IPv4 address in it: `discovery.host`. */
  readonly gateway: string;
  /** IPv4 CIDR, e.g. `172.18.0.0/16`. */
  readonly subnet: string;
}

export interface RegistryCredentials {
  readonly username: string;
  readonly password: string;
}

/** Makes pods real and keeps them so. Level-triggered: it is told what is wanted, and works until that runs. */
export interface PodRuntime {
  /** Connects, adopts the pods of this owner that already run, and watches. An engine that is down is waited for; `onEvent` says so. */
  readonly start: () => Promise<void>;
  /** Stops watching; pods go on running. */
  readonly close: () => Promise<void>;
  /** Wants `pod.replicas` of this pod, and no more. Idempotent; replaces an earlier wish for the same key; returns at once. */
  readonly want: (pod: Pod) => void;
  /** What `want(pod)` would do to what runs now. */
  readonly plan: (pod: Pod) => Promise<PodDiff>;
  /** Removes a component's pods, their ephemeral volumes and, when asked, their named volumes; ends when nothing of them is left. */
  readonly remove: (key: PodKey, options: { readonly volumes: boolean }) => Promise<void>;
  /** Keys of every pod of this owner that the engine knows, wanted or not. */
  readonly known: () => Promise<readonly PodKey[]>;
  /** One for each pod that is wanted or there, by replica. */
  readonly statuses: (key: PodKey) => readonly PodStatus[];
  readonly logs: (key: PodKey, options: LogOptions) => AsyncIterable<LogLine>;
  /** Is the engine there? Its name and version, or why not. */
  readonly health: () => Promise<{ readonly ok: true; readonly engine: string } | { readonly ok: false; readonly reason: string }>;
}

/** One step of a build or pull. Bytes are counted where the engine tells them. */
export interface BuildProgress {
  readonly line?: string;
  readonly bytes?: { readonly what: string; readonly done: number; readonly total: number };
}

export interface BuildRequest {
  /** A tar of the context, read once. */
  readonly context: AsyncIterable<Uint8Array>;
  /** Names the image, in place of those that had the names; nameless images fall to `docker image prune`. */
  readonly names?: readonly string[];
  readonly file: string;
  readonly args?: Readonly<Record<string, string>>;
  readonly target?: string;
  readonly labels: Readonly<Record<string, string>>;
  /** Credentials for the registries of base images, by host. */
  readonly credentials: Readonly<Record<string, RegistryCredentials>>;
  readonly onProgress: (progress: BuildProgress) => void;
  readonly signal: AbortSignal;
}

export interface PullRequest {
  readonly image: string;
  readonly credentials?: RegistryCredentials;
  readonly onProgress: (progress: BuildProgress) => void;
  readonly signal: AbortSignal;
}

/** The engine's images: builds and pulls. */
export interface ImageBuilder {
  /** @throws build-failed with the failing step's last lines, image-disk-full, engine-unreachable; AbortError when cancelled */
  readonly build: (request: BuildRequest) => Promise<{ readonly image: string }>;
  /** Uses what the engine has when the registry can't be reached. @throws image-missing, engine-unreachable; AbortError when cancelled */
  readonly pull: (request: PullRequest) => Promise<{ readonly image: string; readonly digest?: string }>;
  /**
   * Takes the first name from its image, and the others where they mean the same image; the image goes when it has no other name and nothing uses it.
   * Absent names are no error.
   *
   * @throws engine-unreachable
   */
  readonly forget: (names: readonly string[]) => Promise<void>;
}
