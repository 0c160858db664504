import { randomBytes } from "node:crypto";
import { runtimeErrors } from "../../errors.ts";
import type { EngineContext } from "../client/context.ts";
import { layerCreation } from "../pod/container-config.ts";
import { infraName, label, type ReplicaKey } from "../pod/names.ts";
import { listPod } from "../pod/observe.ts";
import { create, removeContainer } from "../pod/pod-actions.ts";
import { ensureInfraImage, putScript } from "./infra-image.ts";
import { chainsOf, type Refusal, redirectsFailure, redirectsScript } from "./redirects.ts";
import type { Ways } from "./ways.ts";

/**
 * Has the traffic of a running pod take these ways, all at once. A helper does it in the pod's network and stays behind, ended, as the record of
 * what is laid; those of former ways go after it has succeeded, so that there is never none while something is laid.
 *
 * @throws redirects-refused
 */
export async function layWays(context: EngineContext, key: ReplicaKey, infra: string, ways: Ways): Promise<void> {
  await context.once("infra image", () => ensureInfraImage(context.client));
  const guarded = ways.ports.some(({ inner = [] }) => inner.length > 0);
  const first = await run(context, key, infra, ways, "refuse");
  // A kernel without nft_reject can still turn callers away in silence.
  const last = first.code === redirectsFailure.refused && guarded ? await run(context, key, infra, ways, "drop") : first;
  if (last.code !== 0) throw runtimeErrors["redirects-refused"]({ reason: reasons[last.code] ?? `its helper ended with ${last.code}` });
  const isDirect = ways.ports.length === 0 && ways.detours.length === 0;
  const helpers = (await listPod(context.client, context.owner, key)).filter(({ Labels }) => Labels[label.ways] !== undefined);
  await Promise.all(helpers.map(({ Id }) => (Id === last.id ? undefined : removeContainer(context.client, Id))));
  if (isDirect) await removeContainer(context.client, last.id);
}

const reasons: Readonly<Record<number, string>> = {
  [redirectsFailure.socket]: "the kernel has no netfilter (CONFIG_NF_TABLES)",
  [redirectsFailure.send]: "the kernel did not take the rules",
  [redirectsFailure.refused]: "the kernel needs nf_tables with nat (CONFIG_NFT_NAT, CONFIG_NFT_REDIR)",
};

/** Runs a helper to its end; one that failed is removed. */
async function run(
  context: EngineContext,
  key: ReplicaKey,
  infra: string,
  ways: Ways,
  refusal: Refusal,
): Promise<{ readonly id: string; readonly code: number }> {
  const { client, owner } = context;
  // An underscore, since no container of a pod can have it in its name.
  const name = `${infraName(key)}._redirects.${randomBytes(4).toString("hex")}`;
  const id = await create(context, name, layerCreation(owner, key, infra, ways));
  let code: number | undefined;
  try {
    await putScript(client, id, redirectsScript((await client.version()).Arch, chainsOf(ways, refusal)));
    await client.call("POST", `/containers/${id}/start`);
    code = (await client.call<{ readonly StatusCode: number }>("POST", `/containers/${id}/wait`)).StatusCode;
    return { id, code };
  } finally {
    if (code !== 0) await removeContainer(client, id);
  }
}
