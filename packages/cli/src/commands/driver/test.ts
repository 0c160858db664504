import { statSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import type { ConformanceReport, DriverLauncher, Painter, Profile, RunnablePackage } from "@outrigger/driver";
import { type Command, InvalidArgumentError, Option } from "commander";
import { collect, withExamples } from "../../options.ts";
import { paint } from "../../output/paint.ts";

interface TestOptions {
  readonly set?: readonly string[];
  readonly runtime?: string;
  readonly interface?: readonly string[];
  readonly only?: readonly string[];
  readonly skip?: readonly string[];
  readonly opt?: Readonly<Record<string, string>>;
  readonly networkOpt?: Readonly<Record<string, string>>;
  readonly timeout?: number;
  readonly root: string;
  readonly profile: Profile;
  readonly strict?: true;
  readonly report: "text" | "json" | "junit";
  readonly output?: string;
  readonly verbose?: true;
}

export function define(command: Command): void {
  command
    .argument(
      "<driver>",
      "where it listens (a socket's path, unix:///PATH, tcp://HOST:PORT), a folder with config.json and rootfs/, or NAME:TAG in the local store",
    )
    .argument(
      "[program...]",
      "after --: the program that listens there; it is started, and stopped and killed by the checks of its lifecycle",
    )
    .description(
      "Asks a driver, written in any language, what dockerd asks, in its order and with its quirks, and judges the answers.\n" +
        "Makes volumes, networks and addresses under names of its own and removes them; needs to be root where the driver does.\n" +
        "Exit code 0: every MUST holds; 1: one does not; 2: wrong usage. docs/driver-test.md lists the checks.",
    )
    .addOption(
      new Option("--interface <name>", "test this interface (repeatable; default: what the driver says it implements)").argParser(collect),
    )
    .addOption(new Option("--only <check>", "ask this check, or suite, alone (repeatable)").argParser(collect))
    .addOption(new Option("--skip <check>", "leave this check, or suite, out (repeatable)").argParser(collect))
    .addOption(new Option("--opt <name=value>", "option of the volumes that are made (repeatable)").argParser(pair))
    .addOption(new Option("--network-opt <name=value>", "option of the networks that are made (repeatable)").argParser(pair))
    .addOption(new Option("--set <name=value>", "a setting of a package, as `docker plugin set` has it (repeatable)").argParser(collect))
    .option("--runtime <program>", "the OCI runtime that runs a package (default: runc, else crun)")
    .addOption(
      new Option("--timeout <seconds>", "wait so long for an answer (default: as dockerd, 60 s; 120 s to create and mount)").argParser(
        seconds,
      ),
    )
    .option("--root <folder>", "what stands before the driver's paths on this machine; - when they can't be seen from here", "")
    .addOption(new Option("--profile <engine>", "ask as this engine does").choices(["20.10", "29"]).default("20.10"))
    .option("--strict", "a SHOULD that does not hold is a failure, too")
    .addOption(new Option("--report <format>", "how to report").choices(["text", "json", "junit"]).default("text"))
    .option("--output <file>", "write the report to a file; the text goes to the terminal all the same")
    .option("--verbose", "show what a started program writes")
    .action(test);
  withExamples(
    command,
    "driver test /run/docker/plugins/sshfs.sock --opt sshcmd=user@host:/data",
    "driver test /tmp/my-driver.sock -- python3 driver.py --listen /tmp/my-driver.sock",
    "driver test tools/dir-volume:1.0.0 --set DEFAULT_SIZE=1G",
    "driver test my.sock --only volume --report junit --output report.xml",
  );
}

async function test(driver: string, program: readonly string[], options: TestOptions): Promise<void> {
  const { closingText, junitReport, resultText, testDriver, textReport } = await import("@outrigger/driver");
  const started = await startedBy(driver, program, options);
  // Text comes as the checks end; other formats whole, at the end.
  const live = options.report === "text" || options.output !== undefined;
  const interfaces = options.interface ?? started?.interfaces;
  // What was started is in a session of its own, which Ctrl-C does not reach.
  for (const [signal, code] of [
    ["SIGINT", 130],
    ["SIGTERM", 143],
  ] as const)
    process.once(signal, () => void Promise.resolve(started?.launcher.close()).finally(() => process.exit(code)));
  const testing = testDriver({
    ...(started === undefined ? { address: driver } : { launcher: started.launcher }),
    ...(interfaces === undefined ? {} : { interfaces }),
    ...(options.only === undefined ? {} : { only: options.only }),
    ...(options.skip === undefined ? {} : { skip: options.skip }),
    ...(options.timeout === undefined ? {} : { timeout: options.timeout }),
    volumeOptions: options.opt ?? {},
    networkOptions: options.networkOpt ?? {},
    root: options.root,
    profile: options.profile,
    managed: started?.managed === true,
    strict: options.strict === true,
    ...(live ? { onResult: (result) => process.stdout.write(`${resultText(result, colours)}\n`) } : {}),
  });
  const report = await testing.finally(() => started?.launcher.close());
  const formats = { text: textReport, json: toJson, junit: junitReport } as const;
  if (live) process.stdout.write(`\n${closingText(report)}\n`);
  if (options.output !== undefined) await writeFile(options.output, formats[options.report](report));
  else if (!live) process.stdout.write(formats[options.report](report));
  process.exitCode = report.passed ? 0 : 1;
}

/** A driver that this command starts, with what is known of it before; undefined for one that runs. */
interface Started {
  readonly launcher: DriverLauncher;
  readonly interfaces?: readonly string[];
  readonly managed?: true;
}

async function startedBy(driver: string, program: readonly string[], options: TestOptions): Promise<Started | undefined> {
  const { commandLauncher, isPluginFolder, openPluginFolder, openStoredPackage, packageLauncher, testedInterfaces } = await import(
    "@outrigger/driver"
  );
  const output = options.verbose === true ? { output: (text: string) => void process.stderr.write(text) } : {};
  const [name, ...args] = program;
  if (name !== undefined) return { launcher: commandLauncher([name, ...args], { address: driver, root: options.root, ...output }) };
  if (driver.includes("://") || driver.endsWith(".spec") || statSync(driver, { throwIfNoEntry: false })?.isSocket() === true)
    return undefined;
  const { openStore, packageName } = await import("@outrigger/registry");
  const inStore = async (): Promise<RunnablePackage> => openStoredPackage(await openStore(), packageName(driver));
  const found = isPluginFolder(driver) ? await openPluginFolder(driver) : await inStore();
  const runtime = options.runtime === undefined ? {} : { runtime: options.runtime };
  const launcher = await packageLauncher({ ...found, ...(options.set === undefined ? {} : { set: options.set }), ...runtime, ...output });
  return { launcher, interfaces: testedInterfaces(found.config), managed: true };
}

function toJson(report: ConformanceReport): string {
  return `${JSON.stringify(report, undefined, 2)}\n`;
}

const styles = { held: "green", failed: "red", warning: "yellow", skipped: "dim" } as const;
const colours: Painter = (outcome, text) => paint(styles[outcome], text);

function pair(text: string, before: Readonly<Record<string, string>> = {}): Readonly<Record<string, string>> {
  const at = text.indexOf("=");
  if (at < 1) throw new InvalidArgumentError("Expected NAME=VALUE.");
  return { ...before, [text.slice(0, at)]: text.slice(at + 1) };
}

function seconds(text: string): number {
  const value = Number(text);
  if (!(value > 0 && value <= 86_400)) throw new InvalidArgumentError("Expected a number of seconds.");
  return value * 1000;
}
