import { type Instruction, type InstructionPlace, pairOf } from "@outrigger/registry";
import { applicationFolder, quoted } from "./applications.ts";
import type { StageNotes } from "./notes.ts";

const applicationName = /^[a-z0-9]([a-z0-9._-]*[a-z0-9])?$/;
const kubeVersionLabel = "app.alpha.sealer.io/supported-kube-version";
const listLabels: Readonly<Record<string, string>> = { CNI: "cluster.alpha.sealer.io/kube-cni", CSI: "cluster.alpha.sealer.io/kube-csi" };

/** Copies the sources of an application: `local://PATH` of the context, addresses. */
export type CopySources = (sources: readonly string[], destination: string) => Promise<void>;

/** Carries out what says which commands run, and Sealer's labels; false for other instructions. @throws dockerfile-unusable */
export async function commandInstruction(
  instruction: Instruction,
  place: InstructionPlace,
  notes: StageNotes,
  copy: CopySources,
): Promise<boolean> {
  const { keyword, text, list, line } = instruction;
  const { wrong } = place;
  switch (keyword) {
    case "CMD":
      notes.commands = [...notes.commands, list === undefined ? text : execForm(list, place)];
      return true;
    case "CMDS":
      notes.commands = listOf(instruction, place);
      return true;
    case "LAUNCH": {
      const names = listOf(instruction, place);
      const unknown = names.find((name) => !notes.applications.has(name));
      if (unknown !== undefined) {
        const known = [...notes.applications.keys()].join(", ") || "none";
        throw wrong(`There is no application ${unknown}; known here: ${known}.`, `Define it before with APP ${unknown} local://PATH.`);
      }
      notes.launch = { names, line };
      return true;
    }
    case "APP":
    case "CNI":
    case "CSI":
      await application(instruction, place, notes, copy);
      return true;
    case "APPCMDS": {
      const [, name = "", rest = ""] = /^(\S+)\s*(.*)$/s.exec(text) ?? [];
      const found = named(name, place, notes);
      const commands = listOf({ ...instruction, text: rest, ...withList(rest) }, place);
      notes.applications.set(name, { ...found, commands, inherited: false });
      return true;
    }
    case "APPENV": {
      const [name = "", ...pairs] = place.words(text);
      const found = named(name, place, notes);
      const env = pairs.map(pairOf).map(([key, value]) => {
        if (value === undefined || !/^[A-Za-z_]\w*$/.test(key)) throw wrong(`"${key}" is no NAME=VALUE.`);
        return [key, value] as const;
      });
      notes.applications.set(name, { ...found, env: { ...found.env, ...Object.fromEntries(env) } });
      return true;
    }
    case "KUBEVERSION":
      if (!/\d/.test(text)) throw wrong("KUBEVERSION names no version.", "Write e.g. KUBEVERSION 1.22 - 1.24.");
      place.state.labels.set(kubeVersionLabel, place.words(text, false)[0] ?? text);
      return true;
    case "MAINTAINER":
      notes.authors = place.words(text, false)[0] ?? text;
      return true;
    default:
      return false;
  }
}

async function application(
  { keyword, text, line }: Instruction,
  { words, wrong, state }: InstructionPlace,
  notes: StageNotes,
  copy: CopySources,
): Promise<void> {
  const [name = "", ...sources] = words(text);
  if (!applicationName.test(name)) throw wrong(`"${name}" is no name of an application.`, "Use small letters, digits, dots and hyphens.");
  if (sources.length === 0) throw wrong(`${keyword} ${name} has no files.`, `Write ${keyword} ${name} local://PATH or https://...`);
  const strange = sources.find((each) => !/^(local|https?):\/\/./.test(each));
  if (strange !== undefined) throw wrong(`${strange} is neither local:// nor http(s)://.`, "Name files of the folder as local://PATH.");
  await copy(
    sources.map((each) => each.replace(/^local:\/\//, "")),
    `/${applicationFolder(name)}/`,
  );
  notes.applications.set(name, { name, env: {}, inherited: false, line });
  const label = listLabels[keyword];
  if (label === undefined) return;
  const known = (state.labels.get(label) ?? "").split(",").filter((each) => each !== "" && each !== name);
  state.labels.set(label, [...known, name].join(","));
}

function named(name: string, { wrong }: InstructionPlace, { applications }: StageNotes) {
  const found = applications.get(name);
  if (found !== undefined) return found;
  throw wrong(`There is no application ${name || "(no name)"}.`, `Define it before with APP ${name || "NAME"} local://PATH.`);
}

/** `CMD ["kubectl", "apply"]` is one command, as in a Dockerfile. */
function execForm(list: readonly string[], { wrong }: InstructionPlace): string {
  const [program = ""] = list;
  if (/\s/.test(program)) {
    throw wrong(`"${program}" is no program: a CMD in brackets is one command, a word each.`, "For several commands write CMDS [...].");
  }
  return list.map(quoted).join(" ");
}

/** `["a", "b"]`, or a single text. */
function listOf({ keyword, list, text }: Instruction, { wrong }: InstructionPlace): readonly string[] {
  const all = list ?? (text.startsWith("[") ? undefined : [text]);
  if (all === undefined) throw wrong(`${keyword} has a list that can't be read.`, 'Write it as JSON: ["a", "b"], with double quotes.');
  const texts = all.map((each) => each.trim()).filter((each) => each !== "");
  if (texts.length === 0) throw wrong(`${keyword} has nothing in it.`);
  return texts;
}

function withList(text: string): Pick<Instruction, "list"> {
  try {
    const value: unknown = JSON.parse(text);
    return Array.isArray(value) && value.every((each) => typeof each === "string") ? { list: value } : {};
  } catch {
    return {};
  }
}
