/** How the plug-ins at a hook point are called, and what becomes of their answers. */
export type HookKind = "change" | "check" | "collect" | "notify" | "routes";

/** What happens to the request when a plug-in fails (crashes, hangs, answers nonsense): `closed` refuses it, `open` goes on without the plug-in. */
export type FailPolicy = "closed" | "open";

export interface HookPoint<Kind extends HookKind = HookKind> {
  /**
   * `change`: one after another, each sees the previous one's result; then the `validate` handlers, which may only refuse.
   * `check`: may only refuse. `collect`: each adds to a list. `notify`: told of what has happened. `routes`: asked once, when loaded.
   */
  readonly kind: Kind;
  /** Where the manifest and the settings say nothing. */
  readonly failPolicy: FailPolicy;
  /** Milliseconds for one call, where the manifest says nothing. */
  readonly timeout: number;
  /** The part of a request that plug-ins see as `input`; its fields are what `see:` and `change:` privileges name. */
  readonly summary: string;
}

/** The kind of every hook point. */
export interface HookPoints {
  readonly "daemon.preStart": HookPoint<"collect">;
  readonly "daemon.preStop": HookPoint<"notify">;
  readonly "container.preCreate": HookPoint<"change">;
  readonly "container.preStart": HookPoint<"collect">;
  readonly "container.preCreateEndpoint": HookPoint<"change">;
  readonly "container.preUpdate": HookPoint<"change">;
  readonly "container.postUpdate": HookPoint<"notify">;
  readonly "volume.preCreate": HookPoint<"change">;
  readonly "cri.preCreateContainer": HookPoint<"change">;
  readonly "api.routes": HookPoint<"routes">;
  readonly "image.postPull": HookPoint<"notify">;
  readonly "image.prePull": HookPoint<"change">;
  readonly "network.preCreate": HookPoint<"change">;
  readonly "api.request": HookPoint<"check">;
}

/** Every hook point of the engine layer. The first eleven are PouchContainer's. */
export const hookPoints: HookPoints = {
  "daemon.preStart": { kind: "collect", failPolicy: "closed", timeout: 30_000, summary: "before the first request is accepted" },
  "daemon.preStop": { kind: "notify", failPolicy: "open", timeout: 10_000, summary: "before the gateway drains" },
  "container.preCreate": {
    kind: "change",
    failPolicy: "closed",
    timeout: 2_000,
    summary: "before a container is created, through any door",
  },
  "container.preStart": { kind: "collect", failPolicy: "closed", timeout: 2_000, summary: "before a container starts: OCI hooks" },
  "container.preCreateEndpoint": { kind: "change", failPolicy: "closed", timeout: 2_000, summary: "before a container joins a network" },
  "container.preUpdate": { kind: "change", failPolicy: "closed", timeout: 2_000, summary: "before a container's limits change" },
  "container.postUpdate": { kind: "notify", failPolicy: "closed", timeout: 5_000, summary: "after a container's limits changed" },
  "volume.preCreate": { kind: "change", failPolicy: "closed", timeout: 2_000, summary: "before a volume is created, also implicitly" },
  "cri.preCreateContainer": { kind: "change", failPolicy: "closed", timeout: 2_000, summary: "before a CRI runtime creates a container" },
  "api.routes": { kind: "routes", failPolicy: "closed", timeout: 10_000, summary: "HTTP handlers added, replaced, wrapped or removed" },
  "image.postPull": { kind: "notify", failPolicy: "closed", timeout: 60_000, summary: "after a pull has succeeded" },
  "image.prePull": { kind: "change", failPolicy: "closed", timeout: 2_000, summary: "before an image is pulled" },
  "network.preCreate": { kind: "change", failPolicy: "closed", timeout: 2_000, summary: "before a network is created" },
  "api.request": { kind: "check", failPolicy: "closed", timeout: 2_000, summary: "before any request, by method and path" },
};

export type HookName = keyof HookPoints;

type OfKind<Kind extends HookKind> = { [Name in HookName]: HookPoints[Name]["kind"] extends Kind ? Name : never }[HookName];

export type ChangeHook = OfKind<"change">;
export type CheckHook = OfKind<"check">;
export type CollectHook = OfKind<"collect">;
export type NotifyHook = OfKind<"notify">;

/** What a plug-in handles: a hook point, or `HOOK/validate`, which runs after all changes and may only refuse. */
export type HookId = HookName | `${ChangeHook}/validate`;

export const hookNames: readonly HookName[] = Object.keys(hookPoints) as HookName[];

/** Every {@link HookId}. */
export const hookIds: readonly HookId[] = hookNames.flatMap((name): HookId[] => (isChangeHook(name) ? [name, `${name}/validate`] : [name]));

export function isChangeHook(name: HookName): name is ChangeHook {
  return hookPoints[name].kind === "change";
}

/** `container.preCreate/validate` -> `container.preCreate`. */
export function hookOf(id: HookId): HookName {
  return hooksById.get(id) ?? (id as HookName);
}

const hooksById: ReadonlyMap<HookId, HookName> = new Map(hookIds.map((id) => [id, id.replace(/\/validate$/, "") as HookName]));
