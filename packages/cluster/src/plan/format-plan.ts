import type { Plan } from "./plan.ts";

/** The text of a plan for people. @param options.scripts shows what runs on the hosts, rendered */
export declare function formatPlan(plan: Plan, options: { readonly scripts: boolean }): string;
