import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { accessSync, constants, copyFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { get } from "node:https";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import type { TestContext } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { freePort, root } from "./sandbox.ts";

/** An API of Kubernetes without scheduler, controllers and kubelets. */
export interface KubernetesApi {
  readonly port: number;
  readonly folder: string;
  /** An admin kubeconfig with a client certificate as data. */
  readonly kubeconfig: string;
  /** PEM files: `authority.pem`, `admin.pem`, `admin.key` and the server's own. */
  readonly file: (name: string) => string;
}

/** Why no test that needs a Kubernetes API can run here; undefined where it can. */
export const noKubernetes: string | undefined = ["kube-apiserver", "etcd"].some((name) => assetPath(name) === undefined)
  ? "no kube-apiserver and etcd: set KUBEBUILDER_ASSETS, or TEST_ASSET_KUBE_APISERVER and TEST_ASSET_ETCD, or put them on the PATH"
  : undefined;

/** A kube-apiserver with an etcd of its own; gone when the test ends. @param address of this machine, where it listens */
export async function kubernetesApi(context: Pick<TestContext, "after">, address: string = "127.0.0.1"): Promise<KubernetesApi> {
  const { folder, file, start } = place(context, address);
  const [store, peer, port] = [await freePort(), await freePort(), await freePort()];
  const clients = `http://127.0.0.1:${store}`;
  const peers = `http://127.0.0.1:${peer}`;
  start(assetPath("etcd") ?? "etcd", [
    ...["--data-dir", file("etcd"), "--listen-client-urls", clients, "--advertise-client-urls", clients],
    ...["--listen-peer-urls", peers, "--initial-advertise-peer-urls", peers, "--initial-cluster", `default=${peers}`],
  ]);
  start(assetPath("kube-apiserver") ?? "kube-apiserver", [
    ...["--etcd-servers", clients, "--bind-address", address, "--secure-port", String(port), "--cert-dir", folder],
    ...["--tls-cert-file", file("server.pem"), "--tls-private-key-file", file("server.key"), "--client-ca-file", file("authority.pem")],
    ...["--service-account-issuer", "https://outrigger.test", "--service-account-key-file", file("server.key")],
    ...["--service-account-signing-key-file", file("server.key"), "--service-cluster-ip-range", "10.96.0.0/24"],
    ...["--authorization-mode", "RBAC", "--disable-admission-plugins", "ServiceAccount,TaintNodesByCondition"],
  ]);
  return await ready(folder, file, address, port);
}

/** The tiny cluster's API: Python, always there. @param address of this machine, where it listens */
export async function tinyApi(context: Pick<TestContext, "after">, address: string = "127.0.0.1"): Promise<KubernetesApi> {
  const { folder, file, start } = place(context, address);
  mkdirSync(file("pki"));
  for (const [from, to] of [
    ["authority.pem", "ca.crt"],
    ["server.pem", "server.crt"],
    ["server.key", "server.key"],
  ]) {
    copyFileSync(file(from ?? ""), join(folder, "pki", to ?? ""));
  }
  const port = await freePort();
  start("python3", [
    "-B",
    join(root, "examples", "tiny-cluster", "bin", "tiny-api"),
    "--data",
    folder,
    "--listen",
    address,
    "--port",
    String(port),
  ]);
  return await ready(folder, file, address, port);
}

interface Place {
  readonly folder: string;
  readonly file: (name: string) => string;
  readonly start: (program: string, words: readonly string[]) => void;
}

/** A folder with keys, and programs that end with the test. */
function place(context: Pick<TestContext, "after">, address: string): Place {
  const folder = mkdtempSync(join(tmpdir(), "outrigger-kubernetes-"));
  const file = (name: string): string => join(folder, name);
  const running: ChildProcess[] = [];
  context.after(async () => {
    for (const child of running.reverse()) {
      const ended = once(child, "exit");
      if (child.exitCode === null && child.kill("SIGKILL")) await ended;
    }
    rmSync(folder, { recursive: true, force: true });
  });
  makeKeys(file, address);
  return { folder, file, start: (program, words) => void running.push(spawn(program, words, { stdio: "ignore" })) };
}

async function ready(folder: string, file: (name: string) => string, address: string, port: number): Promise<KubernetesApi> {
  const kubeconfig = file("admin.conf");
  writeFileSync(kubeconfig, kubeconfigText(address, port, file), { mode: 0o600 });
  for (let tries = 0; tries < 600; tries += 1) {
    if ((await statusOf(address, port, file)) === 200) return { port, folder, kubeconfig, file };
    await sleep(100);
  }
  throw new TypeError("the API does not answer");
}

function assetPath(name: string): string | undefined {
  const own = process.env[`TEST_ASSET_${name.replaceAll("-", "_").toUpperCase()}`];
  const { KUBEBUILDER_ASSETS: assets, PATH = "" } = process.env;
  const folders = [...(assets === undefined ? [] : [assets]), ...PATH.split(delimiter)];
  return [...(own === undefined ? [] : [own]), ...folders.map((folder) => join(folder, name))].find((path) => {
    try {
      accessSync(path, constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });
}

function makeKeys(file: (name: string) => string, address: string): void {
  const openssl = (...words: readonly string[]): void => void execFileSync("openssl", words, { stdio: "pipe" });
  const newKey = ["-newkey", "rsa:2048", "-nodes"];
  const authority = ["-keyout", file("authority.key"), "-out", file("authority.pem"), "-subj", "/CN=test authority", "-days", "2"];
  openssl("req", "-x509", ...newKey, ...authority);
  const signed = (name: string, subject: string, extensions: string): void => {
    openssl("req", ...newKey, "-keyout", file(`${name}.key`), "-out", file(`${name}.csr`), "-subj", subject);
    writeFileSync(file(`${name}.ext`), extensions);
    const by = ["-CA", file("authority.pem"), "-CAkey", file("authority.key"), "-CAcreateserial", "-days", "2"];
    openssl("x509", "-req", "-in", file(`${name}.csr`), ...by, "-out", file(`${name}.pem`), "-extfile", file(`${name}.ext`));
  };
  signed("server", "/CN=kube-apiserver", `subjectAltName=IP:${address}\nextendedKeyUsage=serverAuth\n`);
  signed("admin", "/O=system:masters/CN=admin", "extendedKeyUsage=clientAuth\n");
}

function kubeconfigText(address: string, port: number, file: (name: string) => string): string {
  const data = (name: string): string => readFileSync(file(name)).toString("base64");
  return JSON.stringify({
    apiVersion: "v1",
    kind: "Config",
    "current-context": "admin@test",
    contexts: [{ name: "admin@test", context: { cluster: "test", user: "admin" } }],
    clusters: [{ name: "test", cluster: { server: `https://${address}:${port}`, "certificate-authority-data": data("authority.pem") } }],
    users: [{ name: "admin", user: { "client-certificate-data": data("admin.pem"), "client-key-data": data("admin.key") } }],
  });
}

function statusOf(address: string, port: number, file: (name: string) => string): Promise<number> {
  return new Promise((resolve) => {
    const [ca, cert, key] = [readFileSync(file("authority.pem")), readFileSync(file("admin.pem")), readFileSync(file("admin.key"))];
    const asking = get({ host: address, port, path: "/readyz", ca, cert, key, agent: false }, (response) => {
      response.resume();
      resolve(response.statusCode ?? 0);
    });
    asking.on("error", () => resolve(0));
  });
}
