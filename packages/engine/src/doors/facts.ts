import type { ContainerFacts } from "@outrigger/sdk";
import type { DoorOptions } from "./door.ts";

interface Inspected {
  readonly Id?: string;
  readonly Name?: string;
  readonly Config?: {
    readonly Image?: string;
    readonly Labels?: Readonly<Record<string, string>> | null;
    readonly Env?: readonly string[] | null;
  };
  readonly GraphDriver?: { readonly Data?: Readonly<Record<string, string>> | null };
  readonly State?: { readonly Running?: boolean };
}

/** A container as the engine has it now. */
export interface InspectedContainer {
  readonly facts: ContainerFacts;
  /** Its root filesystem on the host while it runs; null where the engine does not tell. */
  readonly rootfs: string | null;
}

/** Undefined where there is no such container: the engine then says so to the client in its own words. */
export async function inspectContainer(
  engine: DoorOptions["engine"],
  name: string,
  signal: AbortSignal,
): Promise<InspectedContainer | undefined> {
  const found = await engine.find<Inspected>({ path: `/containers/${encodeURIComponent(name)}/json`, signal });
  if (found === undefined) return undefined;
  const { Id = "", Name = "", Config = {}, GraphDriver, State } = found;
  return {
    facts: { id: Id, name: Name.replace(/^\//, ""), image: Config.Image ?? "", labels: Config.Labels ?? {}, env: Config.Env ?? [] },
    rootfs: State?.Running === true ? (GraphDriver?.Data?.["MergedDir"] ?? null) : null,
  };
}
