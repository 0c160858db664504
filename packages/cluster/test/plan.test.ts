import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { isOutriggerError, type PhaseName } from "@outrigger/plugin";
import {
  type Entry,
  formatPlan,
  formatRanges,
  hostFolder,
  lateTasks,
  makePlan,
  type Operation,
  type Plan,
  type PlanInput,
  planDocument,
  rootfsFolder,
  type StepName,
  type Task,
} from "../src/index.ts";
import { cluster, host, image, input, plugin } from "./plan-support.ts";

function at(plan: Plan, moment: PhaseName | StepName): readonly Entry[] {
  const stage = plan.stages.find((each) => ("phase" in each ? each.phase === moment : each.step === moment));
  assert.ok(stage, moment);
  return stage.entries;
}

function tasksAt(plan: Plan, moment: PhaseName | StepName): readonly Task[] {
  return at(plan, moment).flatMap(({ tasks }) => tasks);
}

const idsAt = (plan: Plan, moment: PhaseName | StepName): readonly string[] => tasksAt(plan, moment).map(({ id }) => id);

function planOf(operation: Operation, fields: Partial<Omit<PlanInput, "operation">> = {}): Plan {
  return makePlan(input(operation, fields));
}

function problemsOf(action: () => unknown): readonly string[] {
  try {
    action();
  } catch (error) {
    assert.ok(isOutriggerError(error), String(error));
    return error.problems.length === 0 ? [error.message] : error.problems.map(({ file, line, message }) => `${file}:${line}: ${message}`);
  }
  return assert.fail("nothing was refused");
}

test("creating a cluster: init everywhere, create on master0, masters join one after the other, the rest beside each other", () => {
  const plan = planOf("create");
  assert.deepEqual(idsAt(plan, "init"), [
    "init:init.sh/10.0.0.1",
    "init:init.sh/10.0.0.2",
    "init:init.sh/10.0.0.3",
    "init:init.sh/10.0.0.4",
  ]);
  assert.deepEqual(idsAt(plan, "create"), ["create:create.sh/10.0.0.1"]);
  assert.deepEqual(
    at(plan, "join").map(({ tasks, parallel }) => [parallel, tasks.map(({ host: ip }) => ip)]),
    [
      [1, ["10.0.0.2"]],
      [undefined, ["10.0.0.3", "10.0.0.4"]],
    ],
  );
  assert.ok(plan.joinToken !== undefined, "a run that goes on asks for the variables of join.sh once more");
  assert.deepEqual(plan.warnings, []);
});

test("scripts of an image are told who they are, and a Clusterfile can't tell them otherwise", () => {
  const lying = { ...host("10.0.0.3"), env: { OUTRIGGER_HOST: "1.2.3.4", COLOUR: "red", HostIP: "no" } };
  const plan = planOf("upgrade", {
    cluster: cluster({ hosts: [host("10.0.0.1", "master"), lying], settings: { b: 1, a: ["x"] } }),
    image: image({ env: { COLOUR: "blue", SIZE: "1" } }),
    imageBefore: "tiny:0",
  });
  const script = tasksAt(plan, "upgrade").find(({ host: ip }) => ip === "10.0.0.3")?.script;
  assert.deepEqual(script, {
    text: "exec bash scripts/upgrade.sh\n",
    env: {
      COLOUR: "red",
      SIZE: "1",
      HostIP: "10.0.0.3",
      OUTRIGGER_CLUSTER: '{"a":["x"],"b":1}',
      OUTRIGGER_CLUSTER_NAME: "blue",
      OUTRIGGER_HOST: "10.0.0.3",
      OUTRIGGER_HOSTS: "10.0.0.1 10.0.0.3",
      OUTRIGGER_MASTER0: "10.0.0.1",
      OUTRIGGER_MASTERS: "10.0.0.1",
      OUTRIGGER_OPERATION: "upgrade",
      OUTRIGGER_ROLE: "node",
      OUTRIGGER_ROOTFS: rootfsFolder("blue"),
      OUTRIGGER_VERSION_FROM: "tiny:0",
      OUTRIGGER_VERSION_TO: "tiny:1",
    },
    workingDirectory: rootfsFolder("blue"),
    strict: true,
    skipWithoutDirectory: false,
  });
});

test("the image's commands run in order on master0, with the arguments as variables; a Clusterfile's own come instead of them", () => {
  const commands = planOf("create", {
    cluster: cluster({ commandArguments: ["size=3", "name=a=b"] }),
    image: image({ commands: ["one", "two"] }),
  });
  const tasks = tasksAt(commands, "launch");
  assert.deepEqual(
    tasks.map(({ id, script }) => [id, script?.text, script?.env["size"], script?.env["name"]]),
    [
      ["launch:command-1/10.0.0.1", "one\n", "3", "a=b"],
      ["launch:command-2/10.0.0.1", "two\n", "3", "a=b"],
    ],
  );
  assert.equal(at(commands, "launch").length, 2, "the second begins when the first has ended");
  assert.deepEqual(
    tasksAt(planOf("create", { cluster: cluster({ commands: ["mine"] }) }), "launch").map(({ script }) => script?.text),
    ["mine\n"],
  );
});

test("hosts that leave: told to the cluster one by one on master0, the last joined first, then cleaned, masters last", () => {
  const plan = planOf("scale-down", { touched: ["10.0.0.2", "10.0.0.3", "10.0.0.4"] });
  assert.deepEqual(
    tasksAt(plan, "leave").map(({ id, host: ip, script }) => [id, ip, script?.env["OUTRIGGER_LEAVING"]]),
    [
      ["leave:leave.sh/10.0.0.4", "10.0.0.1", "10.0.0.4"],
      ["leave:leave.sh/10.0.0.3", "10.0.0.1", "10.0.0.3"],
      ["leave:leave.sh/10.0.0.2", "10.0.0.1", "10.0.0.2"],
    ],
  );
  assert.deepEqual(
    at(plan, "clean").map(({ tasks }) => tasks.map(({ host: ip }) => ip)),
    [["10.0.0.4", "10.0.0.3"], ["10.0.0.2"]],
  );
  assert.ok(tasksAt(plan, "clean").every(({ script }) => script?.skipWithoutDirectory));
  assert.deepEqual(
    idsAt(plan, "connect"),
    ["10.0.0.1", "10.0.0.2", "10.0.0.3", "10.0.0.4"].map((ip) => `connect:ssh/${ip}`),
  );
});

test("a join touches the joining hosts alone, and asks master0 for a token before", () => {
  const plugins = [
    plugin("everywhere", { phases: ["PostJoin"] }),
    plugin("once", { phases: ["PostJoin"], targets: [{ kind: "master0" }] }),
  ];
  const plan = planOf("join", { touched: ["10.0.0.4"], cluster: cluster({ plugins }) });
  assert.deepEqual(idsAt(plan, "join"), ["join:join-token.sh/10.0.0.1", "join:join.sh/10.0.0.4"]);
  assert.deepEqual(idsAt(plan, "PostJoin"), ["PostJoin/everywhere/10.0.0.4", "PostJoin/once/10.0.0.1"]);
});

test("phases on master0 run there, `scope` or not; Originally has no working directory; cleaning phases skip hosts without files", () => {
  const plugins = [
    plugin("first", { phases: ["Originally", "pre-uninstall", "PreClean"] }),
    plugin("b", { phases: ["post-install"], targets: [{ kind: "role", role: "node" }], scoped: true }),
    plugin("a", { phases: ["post-install"], targets: [{ kind: "role", role: "node" }] }),
  ];
  const created = planOf("create", { cluster: cluster({ plugins }) });
  assert.ok(tasksAt(created, "Originally").every(({ script }) => script !== undefined && !("workingDirectory" in script)));
  assert.deepEqual(idsAt(created, "post-install"), ["post-install/b/10.0.0.1", "post-install/a/10.0.0.3", "post-install/a/10.0.0.4"]);
  const deleted = planOf("delete", { cluster: cluster({ plugins }) });
  assert.deepEqual(idsAt(deleted, "pre-uninstall"), ["pre-uninstall/first/10.0.0.1"]);
  assert.ok(tasksAt(deleted, "PreClean").every(({ script }) => script?.skipWithoutDirectory));
});

test("a called plug-in has one task; one whose targets are none of the operation's hosts has none, and the plan says so", () => {
  const plugins = [
    plugin("labels", { type: "LABEL", phases: ["PreGuest"], data: "10.0.0.3 a=b" }),
    plugin("masters", { phases: ["PreGuest"], targets: [{ kind: "role", role: "master" }] }),
  ];
  const plan = planOf("join", { touched: ["10.0.0.4"], cluster: cluster({ plugins }) });
  assert.deepEqual(idsAt(plan, "PreGuest"), ["PreGuest/labels/-"]);
  assert.match(
    formatPlan(plan, { scripts: false }),
    /masters \(SHELL, Clusterfile:20\): nothing to do: its targets are none of this operation's hosts/,
  );
});

test("a type that runs through master0 does so whichever hosts the operation touches", () => {
  const plan = planOf("join", {
    touched: ["10.0.0.4"],
    cluster: cluster({ plugins: [plugin("backup", { type: "ETCD", phases: ["PreJoin"] })] }),
  });
  assert.deepEqual(idsAt(plan, "PreJoin"), ["PreJoin/backup/10.0.0.1"]);
});

test("label selectors are answered by the Clusterfile and by LABEL plug-ins, else asked later, else refused", () => {
  const labels = plugin("labels", { type: "LABEL", phases: ["PreGuest"], data: "10.0.0.3 disk=ssd" });
  const select = (phase: PhaseName, selector: string): Plan =>
    planOf("create", {
      cluster: cluster({ plugins: [labels, plugin("fast", { phases: [phase], targets: [{ kind: "labels", selector }] })] }),
    });
  assert.deepEqual(idsAt(select("PreInit", "disk=ssd"), "PreInit"), ["PreInit/fast/10.0.0.3"]);
  const late = select("PostInstall", "zone=a");
  const [entry] = at(late, "PostInstall");
  assert.ok(entry !== undefined && "plugin" in entry);
  assert.deepEqual([entry.hosts, entry.lateSelectors, entry.tasks], [[], ["zone=a"], []]);
  assert.match(formatPlan(late, { scripts: false }), /fast .*: nodes labelled zone=a when it begins/);
  const late4 = lateTasks(
    input("create", { cluster: cluster({ plugins: [labels, plugin("fast", { targets: [{ kind: "labels", selector: "zone=a" }] })] }) }),
    "PostInstall",
    "fast",
    ["10.0.0.4"],
  );
  assert.deepEqual(
    late4.map(({ id, script }) => [id, script?.text]),
    [["PostInstall/fast/10.0.0.4", "echo fast"]],
  );
  assert.match(
    problemsOf(() => select("PreInit", "zone=a"))[0] ?? "",
    /No host is known to be labelled zone=a, and at PreInit there is no/,
  );
});

test("everything that is wrong with plug-ins is told at once, each at its document, before anything is done", () => {
  const where = (line: number): { origin: { from: "clusterfile"; file: string; line: number } } => ({
    origin: { from: "clusterfile", file: "Clusterfile", line },
  });
  const plugins = [
    plugin("a", { type: "SHEL", ...where(3) }),
    plugin("b", { data: 5, ...where(9) }),
    plugin("c", { type: "LABEL", phases: ["PreInit"], ...where(12) }),
    plugin("d", { targets: [{ kind: "role", role: "gpu" }], ...where(20) }),
    plugin("e", { type: "NOPE", disabled: true }),
    plugin("f", { data: 5, origin: { from: "image", image: "tiny:1", path: "plugins/f.yaml", line: 1 } }),
  ];
  assert.deepEqual(
    problemsOf(() => planOf("create", { cluster: cluster({ plugins }) })),
    [
      "Clusterfile:3: No plug-in has the type SHEL: SHELL, LABEL, ETCD.",
      "Clusterfile:9: The data must be a script.",
      "Clusterfile:12: LABEL can't run at PreInit.",
      "image tiny:1 plugins/f.yaml:1: The data must be a script.",
      "Clusterfile:20: No host of the cluster has the role gpu (plug-in d).",
    ],
  );
});

test("a cluster image without create.sh is refused, as is an image of the other kind, and a cluster without a master", () => {
  assert.match(
    problemsOf(() => planOf("create", { image: image({ scripts: ["init.sh"] }) }))[0] ?? "",
    /tiny:1 has no scripts\/create\.sh/,
  );
  assert.match(problemsOf(() => planOf("create", { image: image({ kind: "application" }) }))[0] ?? "", /brings applications/);
  assert.match(problemsOf(() => planOf("apps"))[0] ?? "", /puts a cluster up/);
  assert.match(problemsOf(() => planOf("create", { cluster: cluster({ hosts: [host("10.0.0.1")] }) }))[0] ?? "", /has no master/);
});

test("an upgrade that upgrades nothing is warned of, unless a plug-in does it (Sealer issue 2244)", () => {
  const bare = image({ scripts: ["create.sh"] });
  assert.match(
    planOf("upgrade", { image: bare }).warnings[0] ?? "",
    /no scripts\/upgrade\.sh, and no plug-in runs at upgrade-host or upgrade/,
  );
  const plugins = [plugin("mine", { phases: ["upgrade-host"] })];
  assert.deepEqual(planOf("upgrade", { image: bare, cluster: cluster({ plugins }) }).warnings, []);
});

test("an application's files are beside the cluster's, never over them", () => {
  const plan = planOf("apps", { image: image({ kind: "application", reference: "registry.example/shop/web:1", scripts: [] }) });
  assert.equal(plan.rootfs, `${hostFolder}/clusters/blue/applications/web/rootfs`);
  assert.equal(tasksAt(plan, "launch")[0]?.script?.workingDirectory, plan.rootfs);
});

test("labels, taints and roles of the Clusterfile are a task where there are any", () => {
  assert.deepEqual(at(planOf("create"), "label"), []);
  const labelled = cluster({ hosts: [host("10.0.0.1", "master"), { ...host("10.0.0.2"), labels: { a: "b" } }] });
  assert.deepEqual(idsAt(planOf("create", { cluster: labelled }), "label"), ["label:hosts/-"]);
  const update = { touched: ["10.0.0.2"], hostsBefore: labelled.hosts.slice(1) };
  const bare = { ...labelled, hosts: labelled.hosts.map((each) => ({ ...each, labels: {} })) };
  assert.deepEqual(idsAt(planOf("update", { cluster: bare, ...update }), "label"), ["label:hosts/-"], "what is gone is a task, too");
  assert.deepEqual(idsAt(planOf("update", { cluster: bare, touched: update.touched }), "label"), []);
});

test("a digest changes with what decides the task, and with nothing else", () => {
  const digests = (fields: Parameters<typeof plugin>[1], facts: Parameters<typeof image>[0] = {}): ReadonlyMap<string, string> => {
    const plan = planOf("create", { cluster: cluster({ plugins: [plugin("p", fields)] }), image: image(facts) });
    return new Map(plan.stages.flatMap(({ entries }) => entries.flatMap(({ tasks }) => tasks.map(({ id, digest }) => [id, digest]))));
  };
  const changed = (a: ReadonlyMap<string, string>, b: ReadonlyMap<string, string>): readonly string[] => [
    ...new Set([...a.keys()].filter((id) => a.get(id) !== b.get(id)).map((id) => id.slice(0, id.lastIndexOf("/")))),
  ];
  const before = digests({});
  assert.deepEqual(changed(before, digests({})), []);
  assert.deepEqual(changed(before, digests({ timeout: 5, retries: 3, onFailure: "continue", parallel: 1, run: "once" })), []);
  assert.deepEqual(changed(before, digests({ data: "other" })), ["PostInstall/p"]);
  const other = changed(before, digests({}, { digest: `sha256:${"2".repeat(64)}` }));
  assert.ok(other.includes("distribute:rootfs") && other.includes("create:create.sh") && !other.includes("PostInstall/p"));
});

test("the text of a plan names origins, ranges, unusual rules and what is switched off; scripts on demand", () => {
  const plugins = [
    plugin("motd", {
      phases: ["PostInstall"],
      origin: { from: "clusterfile", file: "Clusterfile", line: 12 },
      overrides: { from: "image", image: "tiny:1", path: "plugins/motd.yaml", line: 1 },
      retries: 2,
      timeout: 30,
      onFailure: "undo",
      parallel: 1,
      data: "echo one\necho two\n",
    }),
    plugin("off", { disabled: true }),
  ];
  const plan = planOf("create", { cluster: cluster({ plugins }) });
  const text = formatPlan(plan, { scripts: false });
  assert.match(
    text,
    /^create blue with tiny:1 \(sha256:111111111111\)\nhosts: all of 4: 10\.0\.0\.1-10\.0\.0\.4; master0 is 10\.0\.0\.1\n/,
  );
  assert.match(
    text,
    / {6}motd \(SHELL, Clusterfile:12 over image tiny:1 plugins\/motd\.yaml:1\): 10\.0\.0\.1-10\.0\.0\.4 \[one after the other, at most 30 s, 2 retries, on failure undo\]/,
  );
  assert.match(text, / 5 {2}phase pre-init-host: nothing\n/);
  assert.match(text, /switched off:\n {2}off \(SHELL, Clusterfile:20\)$/);
  assert.doesNotMatch(text, /echo two/);
  assert.match(formatPlan(plan, { scripts: true }), / {8}\| echo one\n {8}\| echo two\n/);
});

test("a plan as JSON has its documented shape, and nothing of how hosts are reached", () => {
  const secret = { ...host("10.0.0.1", "master"), ssh: { user: "root", port: 22, password: { from: "text" as const, text: "hunter2" } } };
  const plan = planOf("create", { cluster: cluster({ hosts: [secret], plugins: [plugin("p")] }) });
  const document = planDocument(plan);
  assert.doesNotMatch(JSON.stringify(document), /hunter2|password/);
  const stage = document.stages.find(({ name }) => name === "PostInstall");
  assert.deepEqual(stage?.entries[0]?.plugin, {
    type: "SHELL",
    origin: "Clusterfile:20",
    targets: [],
    onFailure: "abort",
    retries: 0,
    run: "always",
  });
  assert.deepEqual(stage?.entries[0]?.tasks[0]?.id, "PostInstall/p/10.0.0.1");
});

test("addresses are shown as ranges", () => {
  assert.equal(
    formatRanges(["10.0.0.9", "10.0.0.2", "10.0.0.1", "10.0.1.0", "10.0.0.255", "10.0.0.2"]),
    "10.0.0.1-10.0.0.2,10.0.0.9,10.0.0.255-10.0.1.0",
  );
  assert.equal(formatRanges(["fd00::2", "10.0.0.1", "fd00::1"]), "10.0.0.1,fd00::1-fd00::2");
  assert.equal(formatRanges([]), "");
});

test("docs/cluster-phases.md names every field of a plan's JSON", () => {
  const page = readFileSync(join(import.meta.dirname, "../../../docs/cluster-phases.md"), "utf8");
  const plugins = [
    plugin("a", {
      parallel: 1,
      overrides: { from: "image", image: "i", path: "p", line: 1 },
      targets: [{ kind: "labels", selector: "zone=a" }],
    }),
    plugin("b"),
    plugin("off", { disabled: true }),
  ];
  const fields = new Set<string>();
  const gather = (value: unknown): void => {
    if (Array.isArray(value)) for (const each of value) gather(each);
    else if (typeof value === "object" && value !== null)
      for (const [key, field] of Object.entries(value)) {
        fields.add(key);
        if (key !== "env" && key !== "labels") gather(field);
      }
  };
  gather(planDocument(planOf("create", { cluster: cluster({ plugins }) })));
  for (const field of fields) assert.match(page, new RegExp(`\\b${field}(\\[\\])?[\`.]`), field);
});
