import { z } from "@outrigger/sdk";

const patterns = z.array(z.string().min(1));
const absolute = z.string().regex(/^\/(?!.*(?:^|\/)\.{1,2}(?:\/|$))/, "A path on the host starts with a slash and has no . or .. in it.");

/** A place on the host that containers may be given. */
export interface HostPlace {
  readonly path: string;
  /** True: only mounted read-only. */
  readonly readOnly: boolean;
  /** True: also what lies below it. */
  readonly below: boolean;
}

/** What bodies may ask for; the words are those of the engine plug-in `policy`. Lists hold patterns (`*`, `?`). */
export interface Limits {
  readonly privileged: boolean;
  readonly binds: { readonly allow: readonly HostPlace[] };
  readonly capabilities: readonly string[];
  readonly devices: readonly string[];
  /** By kind; what is shared needs a pattern that says so, `*` does not. */
  readonly namespaces: Readonly<Record<string, readonly string[]>>;
  readonly securityOptions: readonly string[];
  /** Other fields that can give the host, by name. */
  readonly fields: readonly string[];
}

/** Which requests a rule is for; everything that is given must hold. */
export interface Selector {
  readonly users?: readonly string[];
  readonly methods?: readonly string[];
  /** Without the version: `/containers/*`. */
  readonly paths?: readonly string[];
}

/** The first rule that is for a request decides. */
export interface Rule {
  readonly name: string;
  readonly for: Selector;
  /** `all`: whatever the body says. */
  readonly allow?: "all" | Limits;
  /** The message that the client gets. */
  readonly deny?: string;
}

const defaultCapabilities =
  "AUDIT_WRITE CHOWN DAC_OVERRIDE FOWNER FSETID KILL MKNOD NET_BIND_SERVICE NET_RAW SETFCAP SETGID SETPCAP SETUID SYS_CHROOT".split(" ");

const placeField: z.ZodType<HostPlace> = z.union([
  absolute.transform((path): HostPlace => ({ path, readOnly: false, below: true })),
  z.strictObject({ path: absolute, readOnly: z.boolean().default(false), below: z.boolean().default(true) }),
]);

const limitsField: z.ZodType<Limits> = z.strictObject({
  privileged: z.boolean().default(false),
  binds: z.strictObject({ allow: z.array(placeField) }).default({ allow: [] }),
  capabilities: patterns.transform((names) => names.map((name) => name.toUpperCase().replace(/^CAP_/, ""))).default(defaultCapabilities),
  devices: patterns.default([]),
  namespaces: z.partialRecord(z.enum(["network", "pid", "ipc", "uts", "user", "cgroup"]), patterns).default({}),
  securityOptions: patterns.default(["no-new-privileges", "no-new-privileges=true"]),
  fields: patterns.default([]),
});

const selectorField: z.ZodType<Selector> = z.strictObject({
  users: patterns.min(1).exactOptional(),
  methods: z
    .array(z.enum(["GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS", "PATCH"]))
    .min(1)
    .exactOptional(),
  paths: z.array(z.string().regex(/^[/*]/, "A path begins with a slash, and has no version.")).min(1).exactOptional(),
});

const ruleField: z.ZodType<Rule> = z
  .strictObject({
    name: z.string().regex(/^[A-Za-z0-9][A-Za-z0-9._-]*$/, "A rule's name has letters, digits, dots, underscores and dashes."),
    for: selectorField.default({}),
    allow: z.union([z.literal("all"), limitsField]).exactOptional(),
    deny: z.string().min(1).exactOptional(),
  })
  .refine(({ allow, deny }) => (allow === undefined) !== (deny === undefined), "A rule has either `allow` or `deny`.");

/** The schema of a file of rules. */
export const rulesField: z.ZodType<{ readonly rules: readonly Rule[] }> = z
  .strictObject({ rules: z.array(ruleField).min(1) })
  .refine(({ rules }) => new Set(rules.map(({ name }) => name)).size === rules.length, "Every rule has a name of its own.");
