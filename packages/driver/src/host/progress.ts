/** One line of a progress stream, as engines write it. */
export interface ProgressLine {
  readonly status?: string;
  readonly id?: string;
  readonly progressDetail?: { readonly current?: number; readonly total?: number };
  readonly progress?: string;
}

export type TellProgress = (line: ProgressLine) => void;
