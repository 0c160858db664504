import { stripVTControlCharacters } from "node:util";
import { paint, stateStyle } from "./paint.ts";
import { createScreen } from "./screen.ts";

/** One line of the tree; children are drawn under it. */
export interface ProgressNode {
  readonly id: string;
  readonly label: string;
  readonly state: string;
  /** Still going on: shows a spinner. */
  readonly busy?: boolean;
  /** What passes by, such as the last line of a log. */
  readonly detail?: string;
  /** Why it is in this state; worth a line of its own. */
  readonly reason?: string;
  readonly bytes?: { readonly done: number; readonly total: number };
  readonly children?: readonly ProgressNode[];
}

/** Shows how work goes on: drawn in place on a terminal, one line for each new state elsewhere. */
export interface ProgressTree {
  /** Replaces the node of this id, or adds it. */
  readonly set: (node: ProgressNode) => void;
  /** Draws it for the last time. */
  readonly close: () => void;
}

const frames = ["⠋", "⠙", "⠹", "⠸", "⠼", "⠴", "⠦", "⠧", "⠇", "⠏"];
const redrawEvery = 100;

export function createProgressTree(stream: NodeJS.WriteStream): ProgressTree {
  return stream.isTTY ? liveTree(stream) : plainTree(stream);
}

function plainTree(stream: NodeJS.WriteStream): ProgressTree {
  const seen = new Map<string, string>();
  const show = (node: ProgressNode, parents: string): void => {
    const name = parents === "" ? node.label : `${parents} ${node.label}`;
    const key = `${node.state} ${node.reason ?? ""}`;
    if (seen.get(`${parents}/${node.id}`) !== key) stream.write(`${plainLine(name, node)}\n`);
    seen.set(`${parents}/${node.id}`, key);
    for (const child of node.children ?? []) show(child, name);
  };
  return { set: (node) => show(node, ""), close: () => {} };
}

function plainLine(name: string, node: ProgressNode): string {
  return `${name}: ${node.state}${node.reason === undefined ? "" : ` (${node.reason})`}`;
}

function liveTree(stream: NodeJS.WriteStream): ProgressTree {
  const nodes = new Map<string, ProgressNode>();
  const screen = createScreen(stream);
  let frame = 0;
  const draw = (): void => {
    frame += 1;
    if (nodes.size === 0) return;
    // A tree higher than the screen can't be drawn over: its lower end is what moves.
    screen.draw(renderTree([...nodes.values()], frame), "tail");
  };
  const timer = setInterval(draw, redrawEvery);
  timer.unref();
  return {
    set: (node) => void nodes.set(node.id, node),
    close: () => {
      clearInterval(timer);
      draw();
    },
  };
}

/** The tree's lines for one frame of the spinner. */
export function renderTree(nodes: readonly ProgressNode[], frame: number, indent = ""): readonly string[] {
  return nodes.flatMap((node) => [
    `${indent}${mark(node, frame)} ${node.label} ${paint(stateStyle(node.state), node.state, process.stderr)}${tail(node)}`,
    ...renderTree(node.children ?? [], frame, `${indent}  `),
  ]);
}

function mark(node: ProgressNode, frame: number): string {
  if (node.busy === true) return paint("cyan", frames[frame % frames.length] ?? "-", process.stderr);
  return stateStyle(node.state) === "red" ? paint("red", "✗", process.stderr) : paint("green", "✓", process.stderr);
}

function tail(node: ProgressNode): string {
  const bar = node.bytes === undefined ? "" : ` ${byteBar(node.bytes.done, node.bytes.total)}`;
  const text = node.reason ?? node.detail;
  return `${bar}${text === undefined ? "" : ` ${paint("dim", stripVTControlCharacters(text), process.stderr)}`}`;
}

/** `[#####.....] 12.0/24.0 MB`; only the count where the total is not known. */
export function byteBar(done: number, total: number): string {
  const megabytes = (bytes: number): string => (bytes / 1e6).toFixed(1);
  if (total <= 0) return `${megabytes(done)} MB`;
  const filled = Math.round(Math.min(1, done / total) * 20);
  return `[${"#".repeat(filled)}${".".repeat(20 - filled)}] ${megabytes(done)}/${megabytes(total)} MB`;
}
