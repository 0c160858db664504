import { timingSafeEqual } from "node:crypto";
import type { Vault } from "../secrets.ts";
import { type DiscoveryPlace, placeText } from "./place.ts";

/** What a token says: whose settings its bearer may read, and of which installation it is. */
export interface TokenClaim extends DiscoveryPlace {
  readonly instance: string;
}

/** `TEAM.APPLICATION.COMPONENT.PLUGIN.INSTANCE.SIGNATURE`: nothing of it is stored, and it ends with the installation. */
export function discoveryToken(vault: Vault, claim: TokenClaim): string {
  const said = `${placeText(claim)}.${claim.instance}`;
  return `${said}.${vault.sign(said)}`;
}

/** What a token claims, where this server has given it. */
export function readToken(vault: Vault, token: string): TokenClaim | undefined {
  const [team, application, component, plugin, instance, signature, ...rest] = token.split(".");
  if (!team || !application || !component || !plugin || !instance || !signature || rest.length > 0) return undefined;
  const claim = { team, application, component, plugin, instance };
  const [given, right] = [Buffer.from(token), Buffer.from(discoveryToken(vault, claim))];
  return given.length === right.length && timingSafeEqual(given, right) ? claim : undefined;
}
