import type { Plan } from "./plan.ts";
import type { PlanInput } from "./plan-input.ts";

/**
 * What an operation does, in order. Pure: the same input gives the same plan.
 *
 * @throws plugins-invalid with every mistake at its place
 * @throws create-script-missing, image-is-application, image-is-cluster
 */
export declare function makePlan(input: PlanInput): Plan;
