import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { readKubeconfig } from "../src/kubernetes/kubeconfig.ts";

type Parts = { cluster?: Record<string, unknown>; user?: Record<string, unknown>; whole?: Record<string, unknown> };

const base64 = (text: string): string => Buffer.from(text).toString("base64");

function config({ cluster = {}, user = {}, whole = {} }: Parts): string {
  return JSON.stringify({
    "current-context": "here",
    contexts: [{ name: "here", context: { cluster: "c", user: "u" } }],
    clusters: [{ name: "c", cluster: { server: "https://10.0.0.1:6443", "certificate-authority-data": base64("CA"), ...cluster } }],
    users: [{ name: "u", user: { "client-certificate-data": base64("CERT"), "client-key-data": base64("KEY"), ...user } }],
    ...whole,
  });
}

const noFile = async (path: string): Promise<string> => assert.fail(`reads ${path}`);
const nobody = { "client-certificate-data": undefined, "client-key-data": undefined };

test("certificates as data", async () => {
  assert.deepEqual(await readKubeconfig(config({}), "/etc/kubernetes/admin.conf", noFile), {
    server: new URL("https://10.0.0.1:6443"),
    insecure: false,
    authority: "CA",
    certificate: "CERT",
    key: "KEY",
  });
});

test("certificates, keys and tokens as files, beside the kubeconfig where relative", async () => {
  const read: string[] = [];
  const readFile = async (path: string): Promise<string> => `${read.push(path)} ${path}`;
  const user = { ...nobody, "client-certificate": "pki/me.crt", "client-key": "/keys/me.key" };
  const cluster = { "certificate-authority-data": undefined, "certificate-authority": "../ca.crt" };
  const access = await readKubeconfig(config({ cluster, user }), "/etc/kubernetes/admin.conf", readFile);
  assert.ok(typeof access === "object");
  assert.deepEqual(read, ["/etc/ca.crt", "/etc/kubernetes/pki/me.crt", "/keys/me.key"]);
  const token = await readKubeconfig(config({ user: { ...nobody, tokenFile: "token" } }), "/a/b", async () => "abc.def\n");
  assert.ok(typeof token === "object" && token.token === "abc.def");
});

test("what kubeadm and k3s write, as YAML", async () => {
  const text = `apiVersion: v1
clusters:
- cluster:
    certificate-authority-data: ${base64("CA")}
    server: https://apiserver.cluster.local:6443
  name: kubernetes
contexts:
- context: {cluster: kubernetes, user: kubernetes-admin}
  name: kubernetes-admin@kubernetes
current-context: kubernetes-admin@kubernetes
kind: Config
preferences: {}
users:
- name: kubernetes-admin
  user:
    client-certificate-data: ${base64("CERT")}
    client-key-data: ${base64("KEY")}
`;
  const access = await readKubeconfig(text, "/etc/kubernetes/admin.conf", noFile);
  assert.ok(typeof access === "object" && access.server.hostname === "apiserver.cluster.local");
});

test("what is refused, with its reason and none of its secrets", async () => {
  const refused: readonly (readonly [Parts, RegExp])[] = [
    [{ user: { exec: { command: "aws", env: [{ name: "KEY", value: "s3cret" }] } } }, /program \(`exec`\)/],
    [{ user: { "auth-provider": { name: "gcp" } } }, /auth-provider/],
    [{ user: { username: "admin", password: "s3cret" } }, /password/],
    [{ user: { "as-groups": ["system:masters"] } }, /acts as another/],
    [{ cluster: { "proxy-url": "http://s3cret@proxy" } }, /proxy/],
    [{ cluster: { server: "http://10.0.0.1" } }, /no https URL/],
    [{ cluster: { server: "10.0.0.1" } }, /no server that is a URL/],
    [{ user: { "client-key-data": undefined } }, /without a key/],
    [{ user: nobody }, /neither a client certificate nor a token/],
    [{ user: { ...nobody, token: "s3cret\r\nX-Remote-User: admin" } }, /characters that no token has/],
    [{ whole: { "current-context": "" } }, /no current-context/],
    [{ whole: { "current-context": "there" } }, /no context "there"/],
    [{ whole: { clusters: [] } }, /names no cluster/],
    [{ whole: { users: "none" } }, /names no user/],
  ];
  for (const [parts, expected] of refused) {
    const reason = await readKubeconfig(config(parts), "/k", noFile);
    assert.ok(typeof reason === "string", JSON.stringify(parts));
    assert.match(reason, expected);
    assert.doesNotMatch(reason, /s3cret/);
  }
  assert.match(String(await readKubeconfig("*-", "/k", noFile)), /aliases/);
  const broken = await readKubeconfig('users: [{token: "s3cret}', "/k", noFile);
  assert.ok(typeof broken === "string" && /no YAML/.test(broken) && !broken.includes("s3cret"), String(broken));
});

test("any text is read or refused, never thrown at", async () => {
  const property = fc.asyncProperty(fc.oneof(fc.string(), fc.json()), async (text) => {
    assert.ok(["string", "object"].includes(typeof (await readKubeconfig(text, "/k", noFile))));
  });
  await fc.assert(property, { numRuns: 300 });
});
