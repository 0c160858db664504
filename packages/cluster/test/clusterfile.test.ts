import assert from "node:assert/strict";
import { homedir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { type Clusterfile, clusterfileOfOptions, hostsOfOptions, readClusterfile } from "@outrigger/cluster";
import { formatProblem } from "@outrigger/plugin";

const file = "/work/Clusterfile";

function read(text: string): Clusterfile {
  const reading = readClusterfile(text, file);
  assert.ok(reading.ok, reading.ok ? "" : reading.problems.map(formatProblem).join("\n"));
  return reading.value;
}

function mistakes(text: string): readonly string[] {
  const reading = readClusterfile(text, file);
  assert.ok(!reading.ok, "it is read");
  return reading.problems.map(({ line, column, path, message }) => `${line}:${column} ${path} ${message}`);
}

const minimal = `apiVersion: sealer.cloud/v2
kind: Cluster
metadata:
  name: my-cluster
spec:
  image: kubernetes:v1.19.8
  hosts:
    - ips: [ 10.0.0.1 ]
      roles: [ master ]
`;
const withSpec = (spec: string): string => minimal.replace("  hosts:", `${spec.replace(/^(?=.)/gm, "  ")}\n  hosts:`);
const withHost = (host: string): string => `${minimal}    - ${host}\n`;

test("Clusterfile: v2 as Sealer's manual shows it, with variables, hosts of their own SSH, and comments", () => {
  const cluster = read(`apiVersion: sealer.cloud/v2
kind: Cluster
metadata:
  name: my-cluster
spec:
  image: kubernetes:v1.19.8
  env:
    - key1=value1
    - key2=value2;value3 #key2=[value2, value3]
    - key1=again
  ssh:
    passwd:
    pk: /root/key
    pkPasswd: { file: secret }
    user: root
    port: "2222"
  hosts:
    - ips: [ 192.168.0.2 ]
      roles: [ master ] # add role field to specify the node role
      env: # rewrite some nodes has different env config
        - etcd_dir=/data/etcd
      ssh:
        user: admin
        passwd: { env: PASSWORD }
        port: 22
    - ips: [ 192.168.0.3 ]
      roles: [ node,db ]
`);
  assert.equal(cluster.name, "my-cluster");
  assert.equal(cluster.image, "kubernetes:v1.19.8");
  assert.deepEqual(cluster.hosts, [
    {
      ip: "192.168.0.2",
      roles: ["master"],
      ssh: {
        user: "admin",
        port: 22,
        password: { from: "variable", name: "PASSWORD" },
        key: { path: "/root/key", passphrase: { from: "file", path: "/work/secret" } },
      },
      env: { key1: "value1 again", key2: "value2 value3", etcd_dir: "/data/etcd" },
      labels: {},
      taints: [],
    },
    {
      ip: "192.168.0.3",
      roles: ["node", "db"],
      ssh: { user: "root", port: 2222, key: { path: "/root/key", passphrase: { from: "file", path: "/work/secret" } } },
      env: { key1: "value1 again", key2: "value2 value3" },
      labels: {},
      taints: [],
    },
  ]);
  assert.deepEqual(cluster.warnings, []);
});

test("Clusterfile: v1 of Sealer before 0.6, its network and names for scripts", () => {
  const cluster = read(`apiVersion: sealer.aliyun.com/v1alpha1
kind: Cluster
metadata:
  name: my-cluster
spec:
  image: registry.cn-qingdao.aliyuncs.com/sealer-io/kubernetes:v1.19.8
  provider: BAREMETAL
  ssh:
    pk: ~/.ssh/other
    pkPasswd: ""
    user: root
    passwd: ""
  network:
    podCIDR: 100.64.0.0/10
    svcCIDR: 10.96.0.0/22
  certSANS:
    - aliyun-inc.com
    - 10.0.0.2
  masters:
    ipList:
     - 192.168.0.2
     - 192.168.0.3
  nodes:
    ipList:
     - 192.168.0.5-192.168.0.6
`);
  assert.deepEqual(
    cluster.hosts.map(({ ip, roles }) => [ip, ...roles]),
    [
      ["192.168.0.2", "master"],
      ["192.168.0.3", "master"],
      ["192.168.0.5", "node"],
      ["192.168.0.6", "node"],
    ],
  );
  assert.deepEqual(cluster.hosts[0]?.ssh, { user: "root", port: 22, key: { path: join(homedir(), ".ssh/other") } });
  assert.deepEqual(cluster.settings, {
    network: { podCIDR: "100.64.0.0/10", svcCIDR: "10.96.0.0/22" },
    certSANS: ["aliyun-inc.com", "10.0.0.2"],
  });
});

test("Clusterfile: what Sealer 0.9 added, labels and taints of hosts, and an Application", () => {
  const cluster = read(`apiVersion: sealer.io/v2
kind: Cluster
metadata:
  name: my-cluster
  annotations: { sea.aliyun.com/ClusterfileName: /root/Clusterfile }
  creationTimestamp: null
spec:
  image: kubernetes:v1.22.15
  cmd: [ kubectl apply -f redis ]
  cmd_args: [ a=b ]
  appNames: [ redis ]
  containerRuntime: { type: containerd }
  hostAliases: [ { ip: 10.0.0.9, hostnames: [ nine ] } ]
  registry:
    localRegistry: { domain: sea.hub, port: 5000, ha: true, cert: { subjectAltName: { dnsNames: [ sea.hub ] } } }
  dataRoot: /data
  hosts:
    - ips: [ 10.0.0.1 ]
      roles: [ master, master0 ]
      labels: { disk: ssd, node-role.kubernetes.io/infra: "" }
      taints: [ "key=value:NoSchedule", "only:NoExecute" ]
    - ips: [ 10.0.0.2 ]
      roles: [ gpu ]
status: {}
---
apiVersion: sealer.io/v2
kind: Application
metadata: { name: my-apps }
spec:
  launchApps: [ redis ]
  configs:
    - name: redis
      env: [ SIZE=3 ]
      launch: { cmds: [ helm install redis . ] }
      files: [ { path: values.yaml, data: "a: 1", strategy: merge } ]
`);
  assert.deepEqual(cluster.commands, ["kubectl apply -f redis"]);
  assert.deepEqual(cluster.commandArguments, ["a=b"]);
  assert.deepEqual(cluster.hosts[0]?.roles, ["master"]);
  assert.deepEqual(cluster.hosts[0]?.labels, { disk: "ssd", "node-role.kubernetes.io/infra": "" });
  assert.deepEqual(cluster.hosts[0]?.taints, [
    { key: "key", value: "value", effect: "NoSchedule" },
    { key: "only", value: "", effect: "NoExecute" },
  ]);
  assert.deepEqual(cluster.hosts[1]?.roles, ["gpu", "node"]);
  assert.deepEqual(Object.keys(cluster.settings).toSorted(), [
    "annotations",
    "appNames",
    "applications",
    "containerRuntime",
    "dataRoot",
    "hostAliases",
    "launchApps",
    "registry",
  ]);
  assert.deepEqual(
    cluster.configs.map(({ path, application, strategy }) => [path, application, strategy]),
    [["application/apps/redis/values.yaml", "redis", "merge"]],
  );
  assert.deepEqual(
    cluster.warnings.map(({ path }) => path),
    ["spec.dataRoot"],
  );
});

test("Clusterfile: kubeadm's documents keep their text; their braces are filled from env, as Sealer did", () => {
  const { kubeadm } = read(`${withSpec("env:\n  - podcidr=100.64.0.0/10")}---
## Custom configurations must specify kind
kind: ClusterConfiguration   # kept
networking:
  podSubnet: {{ .podcidr }}
---
apiVersion: kubelet.config.k8s.io/v1beta1
kind: KubeletConfiguration
cgroupDriver:
`);
  assert.deepEqual(kubeadm, [
    {
      kind: "ClusterConfiguration",
      text: "## Custom configurations must specify kind\nkind: ClusterConfiguration   # kept\nnetworking:\n  podSubnet: 100.64.0.0/10\n",
    },
    { kind: "KubeletConfiguration", text: "apiVersion: kubelet.config.k8s.io/v1beta1\nkind: KubeletConfiguration\ncgroupDriver:\n" },
  ]);
  assert.deepEqual(mistakes(`${minimal}---\n# a\nkind: ClusterConfiguration\nx: {{ .podcidr }}\n`), [
    '13:4  podcidr is not set. Give it in `env`, or write {{ .podcidr | default "" }}.',
  ]);
  assert.match(
    mistakes(`${minimal}---\nkind: InitConfiguration\n---\nkind: InitConfiguration\n`)[0] ?? "",
    /^13:7 kind There is a InitConfiguration already/,
  );
});

test("Clusterfile: Config documents, and plug-ins beside them", () => {
  const { configs, plugins, warnings } = read(`${minimal}---
apiVersion: sealer.aliyun.com/v1alpha1
kind: Config
metadata:
  name: calico
spec:
  path: etc/custom-resources.yaml
  strategy: merge
  process: value|toJson | toBase64|toSecret
  data: |
    cidr: {{ .podcidr }}
---
apiVersion: sealer.aliyun.com/v1alpha1
kind: Plugin
metadata:
  name: motd
spec:
  type: SHELL
  action: PostInstall
  data: date
`);
  assert.deepEqual(configs, [
    {
      name: "calico",
      path: "etc/custom-resources.yaml",
      data: "cidr: {{ .podcidr }}\n",
      strategy: "merge",
      process: ["value", "toJson", "toBase64", "toSecret"],
      template: false,
      origin: { from: "clusterfile", file, line: 11 },
    },
  ]);
  assert.deepEqual(
    plugins.map(({ name, origin }) => [name, origin.line]),
    [["motd", 22]],
  );
  assert.deepEqual(
    warnings.map(({ line, code }) => [line, code]),
    [[19, "reads-differently"]],
  );
});

test("Clusterfile: mistakes are found all at once, each at its place", () => {
  const cases: readonly (readonly [string, readonly string[]])[] = [
    ["kind: InitConfiguration\n", ["1:1  A Clusterfile needs a document of kind Cluster."]],
    [`${minimal}---\nkind: Custer\n`, ['11:7 kind There is no kind "Custer".']],
    [
      `${minimal}---\n- 1\n`,
      [
        "11:1 kind A document needs a kind: one of Cluster, Plugin, Config, Application, ClusterConfiguration, InitConfiguration, JoinConfiguration, KubeProxyConfiguration, KubeletConfiguration.",
      ],
    ],
    [`${minimal}---\n${minimal}`, ["12:7 kind There is a Cluster already, in line 1."]],
    [
      minimal.replace("my-cluster", "My_Cluster"),
      ['4:9 metadata.name "My_Cluster" is no name of a cluster: it has at most 63 lower-case letters, digits and inner dashes.'],
    ],
    [minimal.replace("[ master ]", "[ node ]"), ["8:5 spec.hosts The cluster has no master."]],
    [withHost("{ ips: [ 10.0.0.2, ::ffff:10.0.0.1 ], roles: [ node ] }"), ["10:26 spec.hosts[1].ips[1] The host 10.0.0.1 stands twice."]],
    [withHost("{ ips: [ 10.0.0.999 ], roles: [ node ] }"), ["10:16 spec.hosts[1].ips[0] 10.0.0.999 is no IP address."]],
    [
      withHost("{ ips: [ 10.0.0.2 ], roles: [ node, 'a b' ] }"),
      ['10:43 spec.hosts[1].roles[1] "a b" is no role: it has letters, digits, dots, dashes and underscores.'],
    ],
    [
      withHost("{ ips: [ 10.0.0.2 ], roles: [ node, master0 ] }"),
      ["8:5 spec.hosts 10.0.0.2 has the role master0, but master0 is the first master, 10.0.0.1."],
    ],
    [withHost("{ ips: [ 10.0.0.2 ], roles: [ node ], taints: [ 'a:Never' ] }"), ['10:55 spec.hosts[1].taints[0] "a:Never" is no taint.']],
    [
      withHost("{ ips: [ 10.0.0.2 ], roles: [ node ], labels: { 'a b': c } }"),
      [
        '10:62 spec.hosts[1].labels["a b"] a b=c is no label of Kubernetes: "a b" is no name of a key: at most 63 letters, digits, "-", "_" and ".", a letter or digit at both ends.',
      ],
    ],
    [withHost("{ ips: [ 10.0.0.2 ], role: [ node ] }"), ['10:28 spec.hosts[1].role There is no key "role" here.']],
    [
      withSpec("env: [ etcd-dir=/data ]"),
      ['7:10 spec.env[0] A shell can have no variable "etcd-dir": names have letters, digits and underscores, and begin with no digit.'],
    ],
    [withSpec("env: [ nothing ]"), ['7:10 spec.env[0] "nothing" is no variable.']],
    [withSpec("ssh: { port: 99999 }"), ["7:16 spec.ssh.port 99999 is no port."]],
    [
      withSpec("ssh: { encrypted: true, passwd: abc }"),
      [
        "7:21 spec.ssh.encrypted Passwords that Sealer encrypted are not read: its key stands in its source code, so they are as good as in clear.",
      ],
    ],
    [
      withSpec("settings: { dataRoot: /x }\ndataRoot: /y"),
      ["7:25 spec.settings.dataRoot `dataRoot` stands both here and as a field of its own."],
    ],
    [
      `${minimal}---\nkind: Config\nmetadata: { name: a }\nspec: { path: /etc/x, data: a }\n`,
      ['13:15 spec.path "/etc/x" is no file in the rootfs.'],
    ],
    [
      `${minimal}---\nkind: Config\nmetadata: { name: a }\nspec: { path: etc/../../x, data: a }\n`,
      ['13:15 spec.path "etc/../../x" is no file in the rootfs.'],
    ],
    [
      `${minimal}---\nkind: Config\nmetadata: { name: a }\nspec: { path: x, data: a, process: toJSON }\n`,
      ['13:36 spec.process There is no process "toJSON".'],
    ],
    [
      `${minimal}---\nkind: Config\nmetadata: { name: a }\nspec: { path: x, data: a, appName: .. }\n`,
      ['13:36 spec.appName ".." is not allowed. An application\'s name has letters, digits, dots, dashes and underscores.'],
    ],
  ];
  for (const [text, expected] of cases) assert.deepEqual(mistakes(text), expected);
  const many = withSpec("ssh: { prot: 1 }")
    .replace("my-cluster", "'-'")
    .concat("---\nkind: Plugin\nmetadata: { name: a }\nspec: { typ: a }\n");
  assert.equal(mistakes(many).length, 3);
});

test("Clusterfile: clouds' machines are refused, and passwords of registries", () => {
  const old = (spec: string): string => `kind: Cluster\nmetadata: { name: a }\nspec:\n  image: a\n${spec}`;
  assert.deepEqual(mistakes(old("  provider: ALI_CLOUD\n  masters: { ipList: [ 10.0.0.1 ], cpu: '4' }\n")), [
    "5:13 spec.provider The provider ALI_CLOUD is not known: Outrigger works on machines that are there, and asks no cloud for any.",
    "6:41 spec.masters.cpu `cpu` asks a cloud for machines; Outrigger works on those that `ipList` names.",
  ]);
  assert.match(
    mistakes(withSpec("registry: { localRegistry: { password: hunter2 } }"))[0] ?? "",
    /^7:42 spec\.registry\.localRegistry\.password A registry's password/,
  );
});

test("Clusterfile: a password in clear works, is warned of, and stands in no message", () => {
  const { hosts, warnings } = read(withSpec("ssh: { passwd: hunter2 }"));
  assert.deepEqual(hosts[0]?.ssh.password, { from: "text", text: "hunter2" });
  assert.deepEqual(
    warnings.map(({ line, code }) => [line, code]),
    [[7, "secret-in-clear"]],
  );
  assert.doesNotMatch(JSON.stringify(warnings), /hunter2/);
  const wrong = [
    "passwd: 20130314",
    "passwd: { fiel: hunter2 }",
    "passwd: [ hunter2 ]",
    "pkPasswd: { file: a, env: hunter2 }",
    "passwd: { prompt: hunter2 }",
  ];
  for (const field of wrong) {
    const reading = readClusterfile(withSpec(`ssh: { ${field} }`), file);
    assert.ok(!reading.ok, field);
    assert.equal(reading.problems.length, 1);
    assert.doesNotMatch(JSON.stringify(reading.problems), /hunter2|20130314/, field);
  }
  assert.deepEqual(read(withSpec("ssh: { passwd: { prompt: true } }")).hosts[0]?.ssh.password, { from: "prompt" });
});

test("Clusterfile: a password that YAML takes for something else stands in no message either", () => {
  for (const word of [
    "*hunter2",
    "!hunter2",
    "@hunter2",
    "%hunter2",
    "hunter2: x",
    '"hunter2',
    "[hunter2",
    "{hunter2: 1}",
    "'a' hunter2",
    "`hunter2",
  ]) {
    const reading = readClusterfile(withSpec(`ssh:\n  passwd: ${word}`), file);
    assert.ok(!reading.ok, word);
    assert.doesNotMatch(JSON.stringify(reading.problems), /hunter2/, word);
  }
  assert.deepEqual(mistakes(withSpec("ssh:\n  passwd: *a")), [
    "8:13  A word that begins with `*` names what an `&` before it marks, and there is no such mark.",
  ]);
});

test("Clusterfile: variables as a mapping stand as they are", () => {
  const { hosts } = read(withSpec("env: { PATHS: 'a;b', LIST: [ a, b ], version: '1.10' }"));
  assert.deepEqual(hosts[0]?.env, { PATHS: "a;b", LIST: "a b", version: "1.10" });
  assert.match(mistakes(withSpec("env: { version: 1.10 }"))[0] ?? "", /^7:\d+ spec\.env\.?/);
});

test("options: what `cluster run` is given stands for a Clusterfile", () => {
  const reading = clusterfileOfOptions({
    image: "tiny:1",
    masters: "10.0.0.1",
    nodes: "10.0.0.2-10.0.0.3,10.0.0.9",
    user: "admin",
    port: 2222,
    key: "/k",
    password: { from: "prompt" },
    env: ["A=1;2", "B=x=y"],
  });
  assert.ok(reading.ok);
  const { name, image, hosts } = reading.value;
  assert.deepEqual([name, image], ["my-cluster", "tiny:1"]);
  assert.deepEqual(
    hosts.map(({ ip, roles }) => `${ip} ${roles.join()}`),
    ["10.0.0.1 master", "10.0.0.2 node", "10.0.0.3 node", "10.0.0.9 node"],
  );
  assert.deepEqual(hosts[3]?.ssh, { user: "admin", port: 2222, password: { from: "prompt" }, key: { path: "/k" } });
  assert.deepEqual(hosts[3]?.env, { A: "1 2", B: "x=y" });
});

test("options: mistakes name the option", () => {
  const problems = (options: Parameters<typeof clusterfileOfOptions>[0]): readonly string[] => {
    const reading = clusterfileOfOptions(options);
    return reading.ok ? [] : reading.problems.map(formatProblem);
  };
  assert.match(problems({ image: "a" })[0] ?? "", /^masters: No masters are given\.\n +Write -m 10\.0\.0\.1/);
  assert.match(problems({ image: "a", masters: "10.0.0.1", nodes: "10.0.0.1" })[0] ?? "", /^nodes\[0\]: The host 10\.0\.0\.1 stands twice/);
  assert.match(problems({ image: "a", masters: "host-a" })[0] ?? "", /^masters\[0\]: /);
  assert.match(problems({ image: "a", masters: "10.0.0.1", name: "A" })[0] ?? "", /^name: "A" is no name/);
});

test("options: hosts that join take what is not said from a host that is there", () => {
  const like = { user: "admin", port: 2222, key: { path: "/k" } } as const;
  const reading = hostsOfOptions({ nodes: "10.0.0.7", port: 22 }, like);
  assert.ok(reading.ok);
  assert.deepEqual(
    reading.value.map(({ ip, ssh }) => [ip, ssh]),
    [["10.0.0.7", { ...like, port: 22 }]],
  );
});
