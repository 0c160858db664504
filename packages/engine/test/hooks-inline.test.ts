import assert from "node:assert/strict";
import { test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { type CallFacts, type ChangeInputs, type EnginePlugin, refuse } from "@outrigger/sdk";
import { createBreaker } from "../src/hooks/breaker.ts";
import { createDispatcher } from "../src/hooks/create-dispatcher.ts";
import { createTraceStore } from "../src/hooks/trace-store.ts";
import { aCall } from "./plugin-folder.ts";
import { everything, inlineMember } from "./support/inline-member.ts";

type Create = ChangeInputs["container.preCreate"];
const create = (body: Create["body"] = {}): Create => ({ name: null, platform: null, body });
const atCreate = aCall({ door: "create" });
const change = "container.preCreate";
const plugin = (name: string, handler: unknown): EnginePlugin => ({ name, hooks: { [change]: handler } }) as EnginePlugin;
const limited = { ...everything, change: ["body.*"] };

for (const privileges of [everything, limited]) {
  const which = privileges === everything ? "trusted" : "limited";
  const asked = (handler: unknown): Promise<unknown> =>
    createDispatcher([inlineMember(plugin("one", handler), { privileges })]).change(change, create(), atCreate);

  test(`what a ${which} handler gives, throws and refuses, at once or later, is read alike`, async () => {
    for (const later of [false, true]) {
      const made = (give: () => unknown): unknown => (later ? () => sleep(1).then(give) : give);
      const refusal = { message: "No.", code: "no", hint: "Ask.", status: 418 };
      await assert.rejects(
        asked(
          made(() => {
            throw refuse(refusal);
          }),
        ),
        { code: "plugin-refused", status: 418, message: "one: No. (no)" },
      );
      const failures: readonly (readonly [give: () => unknown, reason: RegExp])[] = [
        [() => 5, /one gave a number at container\.preCreate, where the changed input is expected/],
        [() => null, /one gave null at container\.preCreate/],
        [() => ({ name: 7, platform: null, body: {} }), /is wrong at name|changed what it has no privilege to change: name/],
        [() => ({ name: null, platform: null }), /is wrong at body|no privilege to change: body/],
        [() => ({ ...create(), extra: 1 }), /has a field extra, which container\.preCreate does not know|no privilege to change: extra/],
        [
          () => {
            throw refuse({ message: "", status: 200 });
          },
          /its answer is wrong at refuse/,
        ],
        [
          () => {
            throw new TypeError("own mistake");
          },
          /own mistake/,
        ],
      ];
      for (const [give, message] of failures) await assert.rejects(asked(made(give)), { code: "plugin-failed", status: 503, message });
    }
  });

  test(`a ${which} handler that gives nothing, or its input, leaves the very input`, async () => {
    for (const handler of [() => undefined, async () => undefined, (input: Create) => input]) {
      const input = create();
      const dispatcher = createDispatcher([inlineMember(plugin("one", handler), { privileges })]);
      assert.deepEqual(await dispatcher.change(change, input, atCreate), { input, changedBy: [], warnings: [] });
      assert.equal((await dispatcher.change(change, input, atCreate)).input, input);
    }
  });
}

test("a handler is told every fact, and no fact that there is not", async () => {
  const facts: Required<CallFacts> & { readonly client: object } = {
    requestId: "r7",
    client: { listener: "unix:///a", user: "ann", process: { pid: 1, uid: 2 } },
    apiVersion: "1.41",
    door: "create",
    network: "bridge",
    implicit: true,
    container: { id: "1", name: "a", image: "b", labels: {}, env: ["A=1"] },
  };
  const told: unknown[] = [];
  const keep = (_: unknown, { settings, signal, warn, log, ...rest }: Record<string, unknown>): void =>
    void told.push(rest, [settings, typeof log, typeof warn, signal instanceof AbortSignal]);
  const dispatcher = createDispatcher([inlineMember(plugin("one", keep))]);
  const { client, ...rest } = facts;
  await dispatcher.change(change, create(), aCall({ ...rest, client: async () => client }));
  await dispatcher.change(change, create(), aCall());
  const living = [{}, "function", "function", true];
  assert.deepEqual(told, [facts, living, { requestId: "r1", client: null, apiVersion: "1.41" }, living]);
});

test("a trusted plug-in's change is found out when its trace is read; a copy of the input is none", async () => {
  const traces = createTraceStore();
  const dispatcher = createDispatcher(
    [
      inlineMember(plugin("one", (input: Create) => ({ ...input, body: { ...input.body, User: "app" } }))),
      inlineMember(plugin("two", (input: Create) => structuredClone(input))),
    ],
    traces,
  );
  await dispatcher.change(change, create({ User: "root" }), atCreate);
  assert.deepEqual(
    traces.get("r1")?.calls.map(({ decision, changes }) => [decision, changes]),
    [
      ["changed", [{ op: "replace", path: "/body/User", before: "root", value: "app" }]],
      ["unchanged", []],
    ],
  );
});

test("with traces, which keep inputs, not even a trusted plug-in can change one in place", async () => {
  const rude = plugin("rude", ({ body }: Create) => void Object.assign(body, { User: "root" }));
  const input = create();
  await assert.rejects(createDispatcher([inlineMember(rude)], createTraceStore()).change(change, input, atCreate), {
    code: "plugin-failed",
  });
  assert.deepEqual(input, create());
});

test("a plug-in whose time is over is passed over; its late answer, warning and refusal change nothing", async () => {
  const late = Promise.withResolvers<void>();
  const signals: AbortSignal[] = [];
  const slow = (finish: (input: Create) => Create): EnginePlugin =>
    plugin("slow", async (input: Create, { warn, signal }: { warn: (text: string) => void; signal: AbortSignal }) => {
      signals.push(signal);
      await late.promise;
      warn("late");
      return finish(input);
    });
  const labeler = plugin("labeler", async (input: Create) => {
    await sleep(20);
    late.resolve(); // the slow ones answer while this one is asked
    await sleep(20);
    return { ...input, body: { ...input.body, Labels: { a: "b" } } };
  });
  const times = { failPolicy: "open", timeout: 1 } as const;
  const answers = slow((input) => ({ ...input, name: "late" }));
  const refuses = slow(() => {
    throw refuse({ message: "Late." });
  });
  const dispatcher = createDispatcher([
    inlineMember(answers, times),
    inlineMember(refuses, times),
    inlineMember(labeler),
    inlineMember(labeler),
  ]);
  const expected = { input: create({ Labels: { a: "b" } }), changedBy: ["labeler", "labeler"], warnings: [] };
  assert.deepEqual(await dispatcher.change(change, create(), atCreate), expected);
  assert.deepEqual(
    signals.map(({ aborted }) => aborted),
    [true, true],
  );
});

test("a hundred calls whose time is over at once each fail, and calls after them do not", async () => {
  let stuck = true;
  const member = inlineMember(
    plugin("stuck", () => (stuck ? new Promise(() => {}) : undefined)),
    { timeout: 10 },
  );
  const dispatcher = createDispatcher([{ ...member, breaker: createBreaker({ failures: 1_000 }) }]);
  const outcomes = await Promise.allSettled(Array.from({ length: 100 }, () => dispatcher.change(change, create(), atCreate)));
  assert.ok(outcomes.every(({ status }) => status === "rejected"));
  stuck = false;
  assert.deepEqual((await dispatcher.change(change, create(), atCreate)).changedBy, []);
});
