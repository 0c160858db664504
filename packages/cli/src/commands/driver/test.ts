import { existsSync, statSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { ConformanceReport, DriverLauncher, Painter, Profile } from "@outrigger/driver";
import { type Command, InvalidArgumentError, Option } from "commander";
import { cliErrors } from "../../errors.ts";
import { collect, withExamples } from "../../options.ts";
import { paint } from "../../output/paint.ts";

interface TestOptions {
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
    .argument("<driver>", "where it listens: a socket's path, unix:///PATH or tcp://HOST:PORT")
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
    "driver test my.sock --only volume --report junit --output report.xml",
  );
}

async function test(driver: string, program: readonly string[], options: TestOptions): Promise<void> {
  const { closingText, junitReport, resultText, testDriver, textReport } = await import("@outrigger/driver");
  const launcher = await launcherOf(driver, program, options);
  // Text comes as the checks end; other formats whole, at the end.
  const live = options.report === "text" || options.output !== undefined;
  const report = await testDriver({
    ...(launcher === undefined ? { address: driver } : { launcher }),
    ...(options.interface === undefined ? {} : { interfaces: options.interface }),
    ...(options.only === undefined ? {} : { only: options.only }),
    ...(options.skip === undefined ? {} : { skip: options.skip }),
    ...(options.timeout === undefined ? {} : { timeout: options.timeout }),
    volumeOptions: options.opt ?? {},
    networkOptions: options.networkOpt ?? {},
    root: options.root,
    profile: options.profile,
    strict: options.strict === true,
    ...(live ? { onResult: (result) => process.stdout.write(`${resultText(result, colours)}\n`) } : {}),
  });
  const formats = { text: textReport, json: toJson, junit: junitReport } as const;
  if (live) process.stdout.write(`\n${closingText(report)}\n`);
  if (options.output !== undefined) await writeFile(options.output, formats[options.report](report));
  else if (!live) process.stdout.write(formats[options.report](report));
  process.exitCode = report.passed ? 0 : 1;
}

async function launcherOf(driver: string, program: readonly string[], options: TestOptions): Promise<DriverLauncher | undefined> {
  const { commandLauncher } = await import("@outrigger/driver");
  const [name, ...args] = program;
  if (name !== undefined) {
    const output = options.verbose === true ? { output: (text: string) => void process.stderr.write(text) } : {};
    return commandLauncher([name, ...args], { address: driver, root: options.root, ...output });
  }
  if (driver.includes("://") || driver.endsWith(".spec")) return undefined;
  if (!existsSync(driver)) throw cliErrors["file-unreadable"]({ file: driver, reason: "there is no such socket" });
  if (statSync(driver).isDirectory() && existsSync(join(driver, "config.json"))) {
    throw cliErrors["option-invalid"]({ option: "<driver>", found: driver, expected: "a socket", command: "driver test" });
  }
  return undefined;
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
