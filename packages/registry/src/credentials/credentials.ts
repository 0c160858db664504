/** Who asks a registry. */
export type Credentials =
  | { readonly kind: "password"; readonly username: string; readonly password: string }
  /** Exchanged for access tokens by the registry's token server (OAuth 2 refresh token). */
  | { readonly kind: "identity-token"; readonly token: string }
  /** Sent as it is. */
  | { readonly kind: "registry-token"; readonly token: string };

/** Finds who asks a registry (`docker.io`, `localhost:5000`); undefined: nobody in particular. */
export type FindCredentials = (registry: string) => Promise<Credentials | undefined>;

/** The key of Docker's own registry in every file of credentials. */
export const dockerHubKey = "https://index.docker.io/v1/";

/**
 * The value of X-Registry-Auth by which an engine asks a registry for somebody (Engine API, "Authentication"): base64url of JSON. It is a secret.
 * `e30=` for nobody.
 */
export function registryAuthHeader(registry: string, credentials: Credentials | undefined): string {
  const serveraddress = registry === "docker.io" ? dockerHubKey : registry;
  const value = credentials === undefined ? {} : { ...fieldsOf(credentials), serveraddress };
  return Buffer.from(JSON.stringify(value)).toString("base64").replaceAll("+", "-").replaceAll("/", "_");
}

function fieldsOf(credentials: Credentials): Readonly<Record<string, string>> {
  if (credentials.kind === "password") return { username: credentials.username, password: credentials.password };
  return credentials.kind === "identity-token" ? { identitytoken: credentials.token } : { registrytoken: credentials.token };
}
