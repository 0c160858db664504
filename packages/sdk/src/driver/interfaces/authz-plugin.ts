import type { CallContext, MaybePromise } from "./call-context.ts";

/** A request to the engine's API. */
export interface AuthzRequest {
  /** From the client's certificate; absent without one. */
  readonly user?: string;
  readonly authenticationMethod?: string;
  readonly method: string;
  /** As it came, e.g. `/v1.41/containers/create?name=web`. */
  readonly uri: string;
  /** Without those that hold secrets, which the engine leaves away. */
  readonly headers: Readonly<Record<string, string>>;
  /** Only of JSON requests, and never of `/auth`; absent: the engine showed none. */
  readonly body?: Buffer;
  /** The client's certificates, in PEM. */
  readonly peerCertificates: readonly string[];
}

export interface AuthzResponse extends AuthzRequest {
  readonly response: {
    readonly status: number;
    readonly headers: Readonly<Record<string, string>>;
    readonly body?: Buffer;
  };
}

export type AuthzAnswer = { readonly allow: true } | { readonly allow: false; readonly message: string };

export const allow: AuthzAnswer = { allow: true };

/** @param message shown to the client */
export function deny(message: string): AuthzAnswer {
  return { allow: false, message };
}

/** Says which requests the engine carries out (`docker.authz/1.0`). Whatever it throws refuses the request. */
export interface AuthzPlugin {
  request(request: AuthzRequest, context: CallContext): MaybePromise<AuthzAnswer>;
  /** After the engine has done it: may keep the answer from the client. Default: it goes. */
  response?(request: AuthzResponse, context: CallContext): MaybePromise<AuthzAnswer>;
  close?(): MaybePromise<void>;
}
