import { posix } from "node:path";
import { parseDocument } from "yaml";

/** How to reach a cluster's API, and as whom. PEM texts. */
export interface KubernetesAccess {
  readonly server: URL;
  /** Absent: the authorities that Node trusts. */
  readonly authority?: string;
  /** The name that the server's certificate must have, where it isn't the URL's. */
  readonly serverName?: string;
  /** True: its certificate is not checked. */
  readonly insecure: boolean;
  readonly certificate?: string;
  readonly key?: string;
  readonly token?: string;
}

/**
 * Reads a kubeconfig's current context.
 *
 * @param path where it stands; relative files are beside it
 * @param readFile reads a file named in it
 * @returns the access, or what is wrong with the file; never with a part of its secrets
 * @see https://kubernetes.io/docs/reference/config-api/kubeconfig.v1/
 */
export async function readKubeconfig(
  text: string,
  path: string,
  readFile: (path: string) => Promise<string>,
): Promise<KubernetesAccess | string> {
  const document = parseDocument(text);
  const [mistake] = document.errors;
  if (mistake !== undefined)
    return `it is no YAML (${mistake.code}${mistake.linePos === undefined ? "" : `, line ${mistake.linePos[0].line}`})`;
  const config = fieldsIn(document);
  if (config === undefined) return "it has aliases that lead nowhere, or far too many";
  const name = textOf(config["current-context"]);
  if (name === undefined) return "it has no current-context";
  const context = named(config, "contexts", "context", name);
  if (context === undefined) return `it has no context "${name}"`;
  const cluster = named(config, "clusters", "cluster", textOf(context["cluster"]));
  const user = named(config, "users", "user", textOf(context["user"]));
  if (cluster === undefined) return `its context "${name}" names no cluster of it`;
  if (user === undefined) return `its context "${name}" names no user of it`;
  const refused = refusalOf(cluster, user);
  if (refused !== undefined) return refused;
  const server = textOf(cluster["server"]);
  if (server === undefined || !URL.canParse(server)) return "its cluster has no server that is a URL";
  if (new URL(server).protocol !== "https:") return "its server is no https URL, so credentials would be sent in clear";

  const part = async (fields: Fields, key: string): Promise<string | undefined> => {
    const inline = textOf(fields[`${key}-data`]);
    if (inline !== undefined) return Buffer.from(inline, "base64").toString("utf8");
    const file = textOf(fields[key]);
    return file === undefined ? undefined : await readFile(posix.resolve(posix.dirname(path), file));
  };
  const [authority, certificate, key] = [
    await part(cluster, "certificate-authority"),
    await part(user, "client-certificate"),
    await part(user, "client-key"),
  ];
  const tokenFile = textOf(user["tokenFile"]);
  const token =
    textOf(user["token"]) ?? (tokenFile === undefined ? undefined : (await readFile(posix.resolve(posix.dirname(path), tokenFile))).trim());
  if ((certificate === undefined) !== (key === undefined))
    return "its user has a client certificate without a key, or a key without a certificate";
  if (certificate === undefined && token === undefined) return "its user has neither a client certificate nor a token";
  if (token !== undefined && !/^[\x21-\x7e]+$/.test(token)) return "its token has characters that no token has";
  const serverName = textOf(cluster["tls-server-name"]);
  return {
    server: new URL(server),
    insecure: cluster["insecure-skip-tls-verify"] === true,
    ...(authority === undefined ? {} : { authority }),
    ...(serverName === undefined ? {} : { serverName }),
    ...(certificate === undefined || key === undefined ? {} : { certificate, key }),
    ...(token === undefined ? {} : { token }),
  };
}

/** What a kubeconfig may say, and we don't do. */
function refusalOf(cluster: Fields, user: Fields): string | undefined {
  if (user["exec"] !== undefined)
    return "its user gets credentials from a program (`exec`), which would have to run on this machine or that host";
  if (user["auth-provider"] !== undefined) return "its user gets credentials from an `auth-provider`, which Kubernetes itself has removed";
  if (user["username"] !== undefined || user["password"] !== undefined)
    return "its user has a password, which Kubernetes itself no longer takes";
  if (Object.keys(user).some((key) => key === "as" || key.startsWith("as-"))) return "its user acts as another one (`as`)";
  if (cluster["proxy-url"] !== undefined) return "its cluster is behind a proxy (`proxy-url`); requests go from the host itself";
  return undefined;
}

type Fields = Readonly<Record<string, unknown>>;

function fieldsIn(document: ReturnType<typeof parseDocument>): Fields | undefined {
  try {
    return fieldsOf(document.toJS());
  } catch {
    return undefined;
  }
}

function fieldsOf(value: unknown): Fields {
  return typeof value === "object" && value !== null && !Array.isArray(value) ? (value as Fields) : {};
}

function textOf(value: unknown): string | undefined {
  return typeof value === "string" && value !== "" ? value : undefined;
}

function named(config: Fields, list: string, field: string, name: string | undefined): Fields | undefined {
  const entries: readonly unknown[] = Array.isArray(config[list]) ? config[list] : [];
  const entry = entries.map(fieldsOf).find((each) => each["name"] === name);
  return name === undefined || entry === undefined ? undefined : fieldsOf(entry[field]);
}
