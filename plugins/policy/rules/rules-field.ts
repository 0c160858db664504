import { parseCpu, parseMemory, z } from "@outrigger/sdk";
import { baseline } from "./baseline.ts";
import type { Bound, DevicePlace, HostPlace, Policy, RequiredLabel, Rules, Selector } from "./rules.ts";

const patterns = z.array(z.string().min(1));
const absolute = z.string().regex(/^\/(?!.*(?:^|\/)\.{1,2}(?:\/|$))/, "A path on the host starts with a slash and has no . or .. in it.");

const placeField: z.ZodType<HostPlace> = z.union([
  absolute.transform((path): HostPlace => ({ path, readOnly: false, below: true })),
  z.strictObject({ path: absolute, readOnly: z.boolean().default(false), below: z.boolean().default(true) }),
]);

const deviceField: z.ZodType<DevicePlace> = z.union([
  absolute.transform((path): DevicePlace => ({ path, permissions: "rwm" })),
  z.strictObject({ path: absolute, permissions: z.string().regex(/^[rwm]{1,3}$/, "Permissions are of r, w and m.") }),
]);

const labelField: z.ZodType<RequiredLabel> = z.union([
  z
    .string()
    .min(1)
    .transform((name): RequiredLabel => ({ name, value: "*" })),
  z.strictObject({ name: z.string().min(1), value: z.string().min(1) }),
]);

function amount(parse: (text: string) => number | undefined, example: string): z.ZodType<number> {
  return z.union([z.string(), z.number()]).transform((text, context): number => {
    const value = parse(String(text));
    if (value !== undefined) return value;
    context.addIssue({ code: "custom", message: `${JSON.stringify(text)} is no amount; write e.g. ${example}.` });
    return z.NEVER;
  });
}

function bound(field: z.ZodType<number>): z.ZodExactOptional<z.ZodType<Bound>> {
  const both: z.ZodType<Bound> = z
    .strictObject({ min: field.exactOptional(), max: field.exactOptional() })
    .refine(({ min, max }) => min === undefined || max === undefined || min <= max, "min is above max.");
  return z.exactOptional(both);
}

const { binds, volumes, images, namespaces, ports, restart, users, networks, routes } = baseline;
const port = z.int().min(1).max(65535);

/** Rules as a file gives them; within a rule that is given, what is absent is the baseline's. */
export const rulesField: z.ZodType<Partial<Rules>> = z.strictObject({
  privileged: z.boolean().exactOptional(),
  binds: z
    .strictObject({
      allow: z.array(placeField).default([...binds.allow]),
      deny: z.array(absolute).default([...binds.deny]),
      propagation: patterns.default([...binds.propagation]),
      resolve: z.boolean().default(binds.resolve),
    })
    .exactOptional(),
  mounts: z.array(z.enum(["bind", "volume", "tmpfs", "image", "npipe", "cluster"])).exactOptional(),
  volumes: z
    .strictObject({
      names: patterns.default([...volumes.names]),
      drivers: patterns.default([...volumes.drivers]),
      types: patterns.default([...volumes.types]),
      from: patterns.default([...volumes.from]),
    })
    .exactOptional(),
  images: z
    .strictObject({
      allow: patterns.default([...images.allow]),
      deny: patterns.default([...images.deny]),
      ids: z.boolean().default(images.ids),
      make: patterns.exactOptional(),
    })
    .exactOptional(),
  labels: z.strictObject({ required: z.array(labelField) }).exactOptional(),
  limits: z
    .strictObject({
      memory: bound(amount(parseMemory, "64Mi or 1Gi")),
      cpus: bound(amount(parseCpu, "0.5 or 500m")),
      pids: bound(z.int().min(1)),
    })
    .exactOptional(),
  capabilities: patterns.exactOptional(),
  namespaces: z
    .strictObject({
      network: patterns.default([...namespaces.network]),
      pid: patterns.default([...namespaces.pid]),
      ipc: patterns.default([...namespaces.ipc]),
      uts: patterns.default([...namespaces.uts]),
      user: patterns.default([...namespaces.user]),
      cgroup: patterns.default([...namespaces.cgroup]),
    })
    .exactOptional(),
  devices: z.array(deviceField).exactOptional(),
  deviceCgroupRules: patterns.exactOptional(),
  deviceRequests: patterns.exactOptional(),
  cgroupParents: patterns.exactOptional(),
  runtimes: patterns.exactOptional(),
  securityOptions: patterns.exactOptional(),
  sysctls: patterns.exactOptional(),
  unmaskedPaths: z.boolean().exactOptional(),
  annotations: patterns.exactOptional(),
  logDrivers: patterns.exactOptional(),
  storageOptions: patterns.exactOptional(),
  links: patterns.exactOptional(),
  oomProtection: z.boolean().exactOptional(),
  realtime: z.boolean().exactOptional(),
  ports: z
    .strictObject({
      addresses: patterns.default([...ports.addresses]),
      from: port.default(ports.from),
      to: port.default(ports.to),
      all: z.boolean().default(ports.all),
    })
    .exactOptional(),
  restart: z
    .strictObject({ policies: patterns.default([...restart.policies]), maximumRetries: z.int().min(0).exactOptional() })
    .exactOptional(),
  users: z.strictObject({ root: z.boolean().default(users.root), allow: patterns.default([...users.allow]) }).exactOptional(),
  exec: z.strictObject({ labels: z.array(labelField) }).exactOptional(),
  networks: z
    .strictObject({ drivers: patterns.default([...networks.drivers]), options: patterns.default([...networks.options]) })
    .exactOptional(),
  doors: z.array(z.enum(["create", "service", "exec", "commit", "build"])).exactOptional(),
  routes: z.strictObject({ closed: patterns.default([...routes.closed]), unknown: patterns.default([...routes.unknown]) }).exactOptional(),
  apiVersions: z.strictObject({ from: z.string().regex(/^\d+\.\d+$/, 'A version of the API is e.g. "1.24", in quotes.') }).exactOptional(),
  fields: patterns.exactOptional(),
});

const selectorField: z.ZodType<Selector> = z
  .strictObject({
    users: patterns.min(1).exactOptional(),
    listeners: patterns.min(1).exactOptional(),
    doors: z
      .array(z.enum(["create", "service", "exec", "commit", "build"]))
      .min(1)
      .exactOptional(),
    images: patterns.min(1).exactOptional(),
    labels: z.record(z.string(), z.string()).exactOptional(),
  })
  .refine((selector) => Object.keys(selector).length > 0, "An exception says for whom it is: users, listeners, doors, images or labels.");

/** The schema of a policy file. */
export const policyField: z.ZodType<Policy> = z.strictObject({
  rules: rulesField.default({}),
  exceptions: z.array(z.strictObject({ for: selectorField, rules: rulesField })).default([]),
});
