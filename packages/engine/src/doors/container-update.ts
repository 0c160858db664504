import type { ContainerUpdateRequest } from "@outrigger/sdk";
import type { GatewayResponse } from "../gateway/exchange.ts";
import { withWarnings } from "./answers.ts";
import { ofContainer } from "./container-start.ts";
import type { Door, Visit } from "./door.ts";
import { inspectContainer } from "./facts.ts";
import { readBody } from "./json-body.ts";
import { checkQuery } from "./query.ts";

/** POST /containers/{name}/update: before it, and after it has succeeded. */
export const containerUpdate: Door = {
  wants: (dispatcher) => dispatcher.wants("container.preUpdate") || dispatcher.wants("container.postUpdate"),
  handle,
};

async function handle(visit: Visit): Promise<GatewayResponse> {
  const { request, engine, dispatcher, call } = visit;
  checkQuery(request.target);
  const body = await readBody<ContainerUpdateRequest>(request, "ContainerUpdateRequest", visit.bodyLimit);
  const found = await inspectContainer(engine, request.route?.parameters["name"] ?? "", call.signal);
  if (found === undefined) return visit.forward();
  const about = { ...call, container: found.facts };
  const changed = await dispatcher.change("container.preUpdate", { body: body.value }, about);
  const answer = await visit.forward({ ...body.write(changed.input.body), target: ofContainer(request, found.facts.id) });
  const warnings = [...changed.warnings];
  if (answer.status >= 200 && answer.status < 300 && dispatcher.wants("container.postUpdate")) {
    const { facts, rootfs } = (await inspectContainer(engine, found.facts.id, call.signal)) ?? found;
    const failures = await dispatcher.notify("container.postUpdate", { container: facts, body: changed.input.body, rootfs }, about);
    warnings.push(...failures.map(({ plugin, message }) => `The update is done, but ${plugin} failed after it: ${message}`));
  }
  return withWarnings(answer, warnings);
}
