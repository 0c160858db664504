import { defineEnginePlugin, type EnginePlugin, type Settings, type VolumeCreateOptions } from "@outrigger/sdk";

interface Defaults {
  readonly driver: string;
  readonly options: Readonly<Record<string, string>>;
  readonly labels: Readonly<Record<string, string>>;
}

/** @throws Error for a line that is no NAME=VALUE */
function defaultsOf({ volumes = {} }: Settings): Defaults {
  return {
    driver: String(volumes["driver"] ?? ""),
    options: linesOf("options", String(volumes["options"] ?? "")),
    labels: linesOf("labels", String(volumes["labels"] ?? "")),
  };
}

/** Lines, since an option's value may have commas in it: `o=size=100m,uid=1000`. */
function linesOf(item: string, text: string): Readonly<Record<string, string>> {
  const lines = text.split("\n").map((line) => line.trim());
  return Object.fromEntries(
    lines.filter(Boolean).map((line) => {
      const at = line.indexOf("=");
      if (at < 1) throw new Error(`volumes.${item} has the line ${JSON.stringify(line)}; write NAME=VALUE.`);
      return [line.slice(0, at), line.slice(at + 1)];
    }),
  );
}

/** Options are a driver's own: those of one driver are never given to another. */
function withDefaults(volume: VolumeCreateOptions, { driver, options, labels }: Defaults, enforce: boolean): VolumeCreateOptions {
  const given = volume.Driver ?? "";
  const chosen = driver !== "" && (enforce || given === "") ? driver : given;
  const fits = driver === "" || chosen === driver;
  const own = enforce && chosen !== given && given !== "" ? {} : (volume.DriverOpts ?? {});
  const DriverOpts = fits ? merge(own, options, enforce) : own;
  const Labels = merge(volume.Labels ?? {}, labels, enforce);
  return {
    ...volume,
    ...(chosen === given ? {} : { Driver: chosen }),
    ...(same(DriverOpts, volume.DriverOpts) ? {} : { DriverOpts }),
    ...(same(Labels, volume.Labels) ? {} : { Labels }),
  };
}

type Texts = Readonly<Record<string, string>>;

function merge(given: Texts, defaults: Texts, enforce: boolean): Texts {
  return enforce ? { ...given, ...defaults } : { ...defaults, ...given };
}

function same(merged: Texts, before: Texts | null | undefined): boolean {
  const names = Object.keys(merged);
  return names.length === Object.keys(before ?? {}).length && names.every((name) => before?.[name] === merged[name]);
}

const plugin: EnginePlugin = defineEnginePlugin({
  name: "default-volume-options",
  setUp({ settings }) {
    defaultsOf(settings);
  },
  hooks: {
    "volume.preCreate"(volume, { settings, implicit }) {
      if (implicit === true && settings["volumes"]?.["implicit"] === false) return;
      return withDefaults(volume, defaultsOf(settings), settings["volumes"]?.["enforce"] === true);
    },
  },
});

export default plugin;
