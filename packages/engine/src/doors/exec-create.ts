import type { ExecConfig } from "@outrigger/sdk";
import type { GatewayResponse } from "../gateway/exchange.ts";
import { ofContainer } from "./container-start.ts";
import type { Door, Visit } from "./door.ts";
import { inspectContainer } from "./facts.ts";
import { type FieldMap, viewOf, writeView } from "./field-map.ts";
import { readBody } from "./json-body.ts";
import { checkQuery } from "./query.ts";

/** POST /containers/{name}/exec, as far as it says what a container's create body says. */
const fields: FieldMap = {
  Cmd: "Cmd",
  Env: "Env",
  User: "User",
  WorkingDir: "WorkingDir",
  Tty: "Tty",
  AttachStdin: "AttachStdin",
  AttachStdout: "AttachStdout",
  AttachStderr: "AttachStderr",
  "HostConfig.Privileged": "Privileged",
};

export const execCreate: Door = { wants: (dispatcher) => dispatcher.wants("container.preCreate", { door: "exec" }), handle };

async function handle(visit: Visit): Promise<GatewayResponse> {
  const { request, engine, dispatcher, call } = visit;
  checkQuery(request.target);
  const body = await readBody<ExecConfig>(request, "ExecConfig", visit.bodyLimit);
  const found = await inspectContainer(engine, request.route?.parameters["name"] ?? "", call.signal);
  if (found === undefined) return visit.forward();
  const given = { name: null, platform: null, body: viewOf(body.value, fields) };
  const changed = await dispatcher.change("container.preCreate", given, { ...call, door: "exec", container: found.facts });
  const by = { plugin: changed.changedBy.join(", "), door: "an exec" };
  const after = writeView(body.value, fields, given.body, changed.input.body, by);
  return visit.forward({ ...body.write(after), target: ofContainer(request, found.facts.id) });
}
