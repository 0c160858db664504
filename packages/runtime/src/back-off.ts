import type { BackOff } from "@outrigger/plugin";

/** Starting a container again. */
export const restartBackOff: BackOff = { first: 1_000, most: 60_000, atOnce: true };
/** Pulling an image again. */
export const pullBackOff: BackOff = { first: 10_000, most: 300_000, atOnce: false };
/** Making a container or a pod again after the engine refused it. */
export const makeBackOff: BackOff = { first: 1_000, most: 15_000, atOnce: false };
/** Reaching an engine that is down. */
export const reconnectBackOff: BackOff = { first: 100, most: 1_000, atOnce: true };
