/** One figure of a benchmark. `ratio`: ours divided by the peer's, measured in the same run. */
export interface Measurement {
  readonly name: string;
  readonly value: number;
  readonly unit: string;
  readonly peer?: { readonly name: string; readonly value: number };
  readonly goal: string;
}
