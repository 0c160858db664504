/** An object of the Kubernetes API; only what every object has is typed. */
export interface KubernetesObject {
  readonly apiVersion?: string;
  readonly kind?: string;
  readonly metadata: {
    readonly name: string;
    readonly namespace?: string;
    readonly labels?: Readonly<Record<string, string>>;
    readonly annotations?: Readonly<Record<string, string>>;
    readonly resourceVersion?: string;
    readonly uid?: string;
  };
  readonly spec?: Readonly<Record<string, unknown>>;
  readonly status?: Readonly<Record<string, unknown>>;
  readonly [field: string]: unknown;
}

export interface KubernetesTaint {
  readonly key: string;
  readonly value?: string;
  readonly effect: string;
  readonly timeAdded?: string;
}

export interface KubernetesNode extends KubernetesObject {
  readonly spec: { readonly unschedulable?: boolean; readonly taints?: readonly KubernetesTaint[]; readonly [field: string]: unknown };
  readonly status: {
    readonly addresses?: readonly { readonly type: string; readonly address: string }[];
    readonly conditions?: readonly {
      readonly type: string;
      readonly status: string;
      readonly reason?: string;
      readonly message?: string;
    }[];
    readonly [field: string]: unknown;
  };
}

export interface KubernetesRequest {
  readonly method: "GET" | "POST" | "PUT" | "PATCH" | "DELETE";
  /** With its query, e.g. `/api/v1/nodes?labelSelector=disk%3Dssd`. */
  readonly path: string;
  /** JSON. */
  readonly body?: unknown;
  /** For PATCH: which patch it is. */
  readonly patch?: "merge" | "strategic-merge" | "json" | "apply";
}

export interface KubernetesAnswer {
  readonly status: number;
  /** Parsed JSON; text where it is none. */
  readonly body: unknown;
}

/** The Kubernetes API of the cluster. Answers with another status than 2xx are errors that give the server's own message, except from {@link request}. */
export interface KubernetesClient {
  readonly request: (request: KubernetesRequest) => Promise<KubernetesAnswer>;
  /** All nodes, page by page. @param selector a label selector */
  readonly listNodes: (selector?: string) => Promise<readonly KubernetesNode[]>;
  readonly getNode: (name: string) => Promise<KubernetesNode>;
  /** The node with this InternalIP. */
  readonly nodeOf: (ip: string) => Promise<KubernetesNode | undefined>;
  /** All objects of a list, e.g. `/api/v1/namespaces/kube-system/pods`, page by page. */
  readonly list: (path: string, selector?: string) => Promise<readonly KubernetesObject[]>;
  readonly get: (path: string) => Promise<KubernetesObject>;
  /** Undefined where there is none (404). */
  readonly find: (path: string) => Promise<KubernetesObject | undefined>;
  readonly patch: (path: string, kind: NonNullable<KubernetesRequest["patch"]>, body: unknown) => Promise<KubernetesObject>;
  readonly create: (path: string, body: unknown) => Promise<KubernetesObject>;
  readonly remove: (path: string) => Promise<void>;
}
