import {
  defineEnginePlugin,
  type EnginePlugin,
  formatImageReference,
  mayBeImageId,
  parseImageReference,
  refuse,
  type Settings,
} from "@outrigger/sdk";

interface Rule {
  readonly prefix: string;
  readonly replacement: string;
}

/** @throws Error for a line that is no rule, and for a rule that would give no image's name */
function rulesOf({ mirrors = {} }: Settings): readonly Rule[] {
  const lines = String(mirrors["rules"] ?? "")
    .split("\n")
    .map((line) => line.trim());
  return lines.filter(Boolean).map((line) => {
    const [prefix = "", replacement = "", ...more] = line.split("=>").map((part) => part.trim());
    const fits = more.length === 0 && prefix.includes("/") && prefix.endsWith("/") === replacement.endsWith("/");
    if (!fits || parseImageReference(`${replacement}${replacement.endsWith("/") ? "x" : ""}`) === undefined || !replacement.includes("/")) {
      throw new Error(
        `mirrors.rules has the line ${JSON.stringify(line)}; write e.g. docker.io/ => mirror.example/hub/, with slashes at both ends or at none.`,
      );
    }
    return { prefix, replacement };
  });
}

/** The same image at its mirror, with its tag and digest; undefined where no rule fits, and for what is no image's name. */
function mirrored(text: string, rules: readonly Rule[]): string | undefined {
  const reference = mayBeImageId(text) ? undefined : parseImageReference(text);
  if (reference === undefined) return undefined;
  const name = formatImageReference({ ...reference, tag: null, digest: null });
  const rule = rules.find(({ prefix }) => (prefix.endsWith("/") ? name.startsWith(prefix) : name === prefix));
  if (rule === undefined) return undefined;
  // A name without a tag may stand for all of them.
  const tag = /:[^/]*$/.test(text.split("@")[0] ?? "") ? reference.tag : null;
  const rest = formatImageReference({ ...reference, tag }).slice(name.length);
  return `${rule.replacement}${name.slice(rule.prefix.length)}${rest}`;
}

const plugin: EnginePlugin = defineEnginePlugin({
  name: "image-mirror",
  setUp({ settings }) {
    rulesOf(settings);
  },
  hooks: {
    "image.prePull"(input, { settings }) {
      const rules = rulesOf(settings);
      const reference = mirrored(input.reference, rules);
      if (reference !== undefined) return { ...input, reference };
      const isMirror = rules.some(({ replacement }) => input.reference.startsWith(replacement));
      if (settings["mirrors"]?.["only"] !== true || isMirror) return;
      throw refuse({
        code: "no-mirror",
        message: `There is no mirror for ${input.reference}.`,
        hint: `Mirrored are: ${rules.map(({ prefix }) => prefix).join(", ")}.`,
      });
    },
    "container.preCreate"(input, { settings }) {
      if (settings["mirrors"]?.["containers"] === false) return;
      const Image = mirrored(input.body.Image ?? "", rulesOf(settings));
      return Image === undefined ? undefined : { ...input, body: { ...input.body, Image } };
    },
  },
});

export default plugin;
