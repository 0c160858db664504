import type { ImageApplication } from "../image-record.ts";

/** An application while its stage is carried out. */
export interface Application {
  readonly name: string;
  /** Of an image below, or what APPCMDS says; else they follow from the files. */
  readonly commands?: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  /** True: its commands are whole, as the image below has them. */
  readonly inherited: boolean;
  readonly line: number;
}

/** What the instructions of a stage say that Docker's do not. */
export interface StageNotes {
  /** CMDs of the image below, and those that follow. */
  commands: readonly string[];
  /** Applications that LAUNCH names. */
  launch?: { readonly names: readonly string[]; readonly line: number };
  readonly applications: Map<string, Application>;
  authors?: string;
  /** What COPY and others had to guess, or do otherwise than Sealer. */
  readonly said: string[];
}

export function newNotes(commands: readonly string[], applications: readonly ImageApplication[]): StageNotes {
  return {
    commands,
    applications: new Map(
      applications.map(({ name, commands: own }) => [name, { name, commands: own, env: {}, inherited: true, line: 0 }]),
    ),
    said: [],
  };
}

export function inheritNotes({ commands, applications, authors }: StageNotes): StageNotes {
  return { commands, applications: new Map(applications), ...(authors === undefined ? {} : { authors }), said: [] };
}
