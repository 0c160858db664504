import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { test } from "node:test";
import type { HookRecord, RuntimeHook } from "@outrigger/engine";
import type { OciStage } from "@outrigger/sdk";
import fc from "fast-check";
import { containerId, testWrapper } from "./support/wrapper.ts";

const stages: readonly OciStage[] = ["prestart", "createRuntime", "createContainer", "startContainer", "poststart", "poststop"];
const space = fc.constantFrom("", "", "", " ", "\n", "\t\r\n  ");
const piece = fc.constantFrom(
  "a",
  "{",
  "}",
  "[",
  "]",
  ",",
  ":",
  "hooks",
  "é",
  "😀",
  '\\"',
  "\\\\",
  "\\n",
  "\\/",
  "\\u0041",
  "\\ud83d\\ude00",
  "\\u0000",
);
const stringText = fc.array(piece, { maxLength: 6 }).map((pieces) => `"${pieces.join("")}"`);
const scalar = fc.oneof(
  stringText,
  fc.constantFrom("null", "true", "false", "0", "-0", "9223372036854775807", "-1.5e-7", "18446744073709551615", "1e400"),
);
const keyText = fc.oneof(stringText, fc.constantFrom('"hooks"', '"prestart"', '"poststop"', '"annotations"', '"h\\u006foks"'));

/** Members with unique keys, as text without the braces. */
function members(key: fc.Arbitrary<string>, value: fc.Arbitrary<string>, maxLength = 4): fc.Arbitrary<string[]> {
  return fc
    .uniqueArray(fc.tuple(key, space, space, space, value, space), { maxLength, selector: ([name]) => JSON.parse(name) as string })
    .map((list) => list.map(([name, a, b, c, content, d]) => `${a}${name}${b}:${c}${content}${d}`));
}

const { value: anyValue } = fc.letrec<{ value: string }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 4 },
    scalar,
    fc
      .tuple(fc.array(tie("value"), { maxLength: 3 }), space)
      .map(([items, blank]) => `[${items.length === 0 ? blank : items.join(`,${blank}`)}]`),
    fc.tuple(members(keyText, tie("value")), space).map(([list, blank]) => `{${list.length === 0 ? blank : list.join(",")}}`),
  ),
}));

const stageList = fc.oneof(
  fc.constantFrom("null", "[]", "[ \n]"),
  fc
    .array(members(keyText, anyValue, 2), { minLength: 1, maxLength: 2 })
    .map((hooks) => `[${hooks.map((hook) => `{${hook.join(",")}}`).join(" , ")}]`),
);
const stageKey = fc.constantFrom(...stages.map((name) => JSON.stringify(name)));
const hooksText = fc.oneof(
  fc.constantFrom("null", "{}", "{ \t}"),
  fc
    .tuple(members(stageKey, stageList, 3), members(fc.constantFrom('"other"', '"x{"'), anyValue, 2))
    .map(([known, others]) => `{${[...known, ...others].join(",")}}`),
);
const isHooks = (text: string): boolean => /^hooks$/iu.test(JSON.parse(text) as string);
const configText = fc
  .tuple(
    members(
      keyText.filter((text) => !isHooks(text)),
      anyValue,
      5,
    ),
    fc.option(fc.tuple(hooksText, fc.nat()), { nil: undefined }),
    space,
    space,
  )
  .map(([others, hooks, before, after]) => {
    const list = hooks === undefined ? others : others.toSpliced(hooks[1] % (others.length + 1), 0, `"hooks":${hooks[0]}`);
    return `${before}{${list.join(",")}${list.length === 0 ? after : ""}}${after}`;
  });

const text = fc.string({ unit: "grapheme", maxLength: 8 });
const hook: fc.Arbitrary<RuntimeHook> = fc.record({ path: text, args: fc.array(text, { maxLength: 2 }) }, { noNullPrototype: true });
const hookList = fc.array(hook, { maxLength: 2 });
const record: fc.Arbitrary<HookRecord> = fc
  .uniqueArray(fc.tuple(fc.constantFrom(...stages), hookList, hookList), { selector: ([stage]) => stage, maxLength: 3 })
  .map((list) => Object.fromEntries(list.map(([stage, before, after]) => [stage, { before, after }])));

/** What the merge means, by a JSON parser. */
function merged(config: string, wanted: HookRecord): unknown {
  const parsed = JSON.parse(config) as { hooks?: Record<string, unknown[] | null> | null };
  for (const stage of stages) {
    const { before = [], after = [] } = wanted[stage] ?? {};
    if (before.length + after.length === 0) continue;
    parsed.hooks ??= {};
    parsed.hooks[stage] = [...before, ...(parsed.hooks[stage] ?? []), ...after];
  }
  return parsed;
}

/** True where `part` is what remains of `whole` when some of its characters are taken away. */
function isWithin(part: string, whole: string): boolean {
  let at = 0;
  for (const character of whole) if (part.startsWith(character, at)) at += character.length;
  return at === part.length;
}

/** Debian's own, busybox's, and gawk where somebody has installed it. */
const awks: readonly string[] = ["mawk", "busybox awk", ...(existsSync("/usr/bin/gawk") ? ["gawk"] : [])];

for (const awk of awks) {
  test(`${awk} merges hooks as a JSON parser would, keeps every other byte, and does it once`, async (context) => {
    const wrapper = await testWrapper(context, { awk, runtime: "/bin/true" });
    fc.assert(
      fc.property(configText, record, (config, wanted) => {
        wrapper.writeConfig(config);
        wrapper.keep(wanted);
        const outcome = wrapper.run(["create", "--bundle", wrapper.bundle, containerId]);
        assert.deepEqual(outcome, { code: 0, stdout: "", stderr: "" });
        const once = wrapper.config();
        assert.deepEqual(JSON.parse(once), merged(config, wanted));
        assert.ok(isWithin(config.replaceAll("null", ""), once), "a byte is gone");
        wrapper.run(["create", "--bundle", wrapper.bundle, containerId]);
        assert.equal(wrapper.config(), once);
      }),
      { numRuns: 80 },
    );
  });

  test(`${awk} finds its way through large and deep files`, async (context) => {
    const wrapper = await testWrapper(context, { awk, runtime: "/bin/true" });
    const deep = `${"[".repeat(20_000)}${"]".repeat(20_000)}`;
    const many = JSON.stringify(Array.from({ length: 50_000 }, (_, index) => `NAME_${index}="\\{`));
    wrapper.writeConfig(`{"deep":${deep},"many":${many},"long":"${'\\\\\\"é'.repeat(20_000)}"}`);
    wrapper.keep({ poststop: { before: [], after: [{ path: "/bin/true" }] } });
    const before = wrapper.config();
    assert.deepEqual(wrapper.run(["create", "-b", wrapper.bundle, containerId]), { code: 0, stdout: "", stderr: "" });
    assert.equal(wrapper.config(), `{"hooks":{"poststop":[{"path":"/bin/true"}]},${before.slice(1)}`);
  });

  test(`${awk} refuses what could be read in two ways, and what is no config.json; the file stays as it was`, async (context) => {
    const wrapper = await testWrapper(context, { awk });
    wrapper.keep({ prestart: { before: [{ path: "/bin/true" }], after: [] } });
    const bad: Readonly<Record<string, RegExp>> = {
      '{"hooks":{},"hooks":{}}': /two ways/,
      '{"Hooks":{}}': /two ways/,
      '{"HOOK\\u0053":{}}': /two ways/,
      '{"hoo\\u212As":{}}': /two ways/,
      '{"hookſ":{}}': /two ways/,
      '{"hoo\u212as":{}}': /two ways/,
      '{"hooks":{"Prestart":[]}}': /two ways/,
      '{"hooks":{"prestart":[],"prestart":[]}}': /two ways/,
      '{"hooks":[]}': /hooks in its config.json is not an object/,
      '{"hooks":"{"}': /hooks in its config.json is not an object/,
      '{"hooks":{"prestart":{}}}': /prestart in its config.json is not a list/,
      '{"a":[}': /brackets/,
      '{"a":[{"b":1}': /brackets/,
      '{"a":1}}': /brackets/,
      '{"a":1}{}': /goes on/,
      '{"a":"b': /does not end/,
      '{"a":"b\\"}': /does not end/,
      "[]": /not an object/,
      "": /can not be read/,
      '{"a":"\u0001"}': /control character/,
    };
    for (const [config, why] of Object.entries(bad)) {
      wrapper.writeConfig(config);
      const outcome = wrapper.run(["create", "-b", wrapper.bundle, containerId]);
      assert.equal(outcome.code, 1, config);
      assert.match(outcome.stderr, why, config);
      assert.equal(wrapper.config(), config);
      assert.equal(wrapper.calledWith(), undefined);
    }
  });
}
