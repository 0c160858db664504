import { type ChildProcess, spawn } from "node:child_process";
import { createPcapReader, type Packet } from "./pcap.ts";

export interface CaptureOptions {
  /** Names of the network interfaces, loopback not among them. */
  readonly interfaces: () => readonly string[];
  readonly onPacket: (packet: Packet, linkType: number) => void;
  readonly onProblem: (problem: string | undefined) => void;
}

/** Packets since the start: those that were read, and those that the kernel had no room for. */
export interface CaptureCounts {
  readonly packets: number;
  readonly dropped: number;
}

export interface Capture {
  /** Captures what the filter lets through from now on; undefined: nothing. */
  readonly filter: (filter: string | undefined) => void;
  readonly counts: () => CaptureCounts;
  readonly close: () => void;
}

// One packet of usual size; the kernel hands larger ones on within a machine, of which the rest is only counted.
const snapLength = 1600;
const bufferKib = 4096;
const askPeriod = 5_000;
const flushPeriod = 250;
const longestPause = 30_000;

/** Runs one tcpdump for each interface, and again, with growing pauses, when it ends. */
export function createCapture({ interfaces, onPacket, onProblem }: CaptureOptions): Capture {
  let wanted: string | undefined;
  let stops: (() => void)[] = [];
  const counts = { packets: 0, dropped: 0 };

  const watch = (name: string, filter: string): (() => void) => {
    let stopped = false;
    let child: ChildProcess | undefined;
    let retry: NodeJS.Timeout | undefined;
    let failures = 0;
    const run = (): void => {
      child = tcpdump(name, filter, {
        onPacket: (packet, linkType) => {
          counts.packets += 1;
          failures = 0;
          onPacket(packet, linkType);
        },
        onReady: () => onProblem(undefined),
        onDropped: (count) => {
          counts.dropped += count;
        },
        onEnd: (reason) => {
          if (stopped) return;
          onProblem(`tcpdump on ${name}: ${reason}`);
          retry = setTimeout(run, Math.min(longestPause, 1000 * 2 ** failures));
          failures = Math.min(failures + 1, 10);
        },
      });
    };
    run();
    return () => {
      stopped = true;
      clearTimeout(retry);
      child?.kill("SIGTERM");
    };
  };
  const stop = (): void => {
    for (const each of stops) each();
    stops = [];
  };

  return {
    filter: (filter) => {
      if (filter === wanted) return;
      wanted = filter;
      stop();
      if (filter !== undefined) stops = interfaces().map((name) => watch(name, filter));
    },
    counts: () => counts,
    close: stop,
  };
}

interface TcpdumpEvents {
  readonly onPacket: (packet: Packet, linkType: number) => void;
  readonly onReady: () => void;
  /** More packets that the kernel had no room for. */
  readonly onDropped: (count: number) => void;
  readonly onEnd: (reason: string) => void;
}

function tcpdump(name: string, filter: string, { onPacket, onReady, onDropped, onEnd }: TcpdumpEvents): ChildProcess {
  const words = ["-i", name, "-n", "-p", "-s", String(snapLength), "-B", String(bufferKib), "-Z", "root", "-w", "-", filter];
  const child = spawn("tcpdump", words, { stdio: ["ignore", "pipe", "pipe"] });
  const reader = createPcapReader();
  const ask = setInterval(() => child.kill("SIGUSR1"), askPeriod);
  // tcpdump hands over 4 kB at a time, for each packet by itself would cost a sixth of a busy app's throughput; where little comes it is told to.
  let quiet = true;
  const flush = setInterval(() => {
    if (quiet) child.kill("SIGUSR2");
    quiet = true;
  }, flushPeriod);
  let dropped = 0;
  let said = "";
  let failure: string | undefined;
  child.stdout.on("data", (chunk: Buffer) => {
    quiet = false;
    try {
      reader.push(chunk, (packet) => onPacket(packet, reader.linkType()));
    } catch (error) {
      failure = String(error);
      child.kill("SIGKILL");
    }
  });
  child.stderr.on("data", (chunk: Buffer) => {
    said = `${said}${chunk}`.slice(-2000);
    if (said.includes("listening on")) onReady();
    const counted = [...said.matchAll(/([0-9]+) packets? dropped by kernel/g)].at(-1)?.[1];
    if (counted === undefined || Number(counted) <= dropped) return;
    onDropped(Number(counted) - dropped);
    dropped = Number(counted);
  });
  child.once("error", (error) => {
    failure = error.message;
  });
  child.once("close", (code, signal) => {
    clearInterval(ask);
    clearInterval(flush);
    onEnd(failure ?? `it ended with ${signal ?? code}: ${said.trim().split("\n").at(-1) ?? ""}`);
  });
  return child;
}
