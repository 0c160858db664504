import { runtimeErrors } from "../../errors.ts";

interface Machine {
  /** The number by which ELF knows the architecture. */
  readonly elf: number;
  /** Machine code in hexadecimal. */
  readonly code: string;
  /** The kernel's numbers of its calls. */
  readonly calls: Readonly<Record<SystemCall, number>>;
}

export type SystemCall = "socket" | "sendto" | "recvfrom" | "exit_group";

/**
 * The program of the infra container, and of the helper that lays a pod's redirects: it makes the system calls that a script asks for, and
 * without a script sleeps until it is killed. In C:
 *
 *     struct { long number, arguments[6], expected, failure; } *step = 0x600000;
 *     int script = openat(AT_FDCWD, "/script", O_RDONLY);
 *     if (script < 0) for (;;) ppoll(NULL, 0, NULL, NULL, 0);
 *     read(script, step, 1 << 20);
 *     for (; syscall(step->number, step->arguments...) == step->expected; step++);
 *     exit_group(step->failure);
 */
const machines: Readonly<Record<string, Machine>> = {
  amd64: {
    elf: 62,
    code: [
      "b801010000 bf9cffffff 488d3563000000 31d2 0f05", // mov eax,257 (openat); mov edi,-100; lea rsi,path; xor edx,edx; syscall
      "85c0 7846 89c7 bb00006000 89de ba00001000 31c0 0f05", // test eax,eax; js sleep; mov edi,eax; mov ebx,0x600000; mov esi,ebx; mov edx,1<<20; xor eax,eax (read); syscall
      "488b03 488b7b08 488b7310 488b5318 4c8b5320 4c8b4328 4c8b4b30 0f05", // next: mov rax,[rbx]; rdi, rsi, rdx, r10, r8, r9 from [rbx+8] on; syscall
      "483b4338 7506 4883c348 ebd7", // cmp rax,[rbx+56]; jne fail; add rbx,72; jmp next
      "488b7b40 b8e7000000 0f05", // fail: mov rdi,[rbx+64]; mov eax,231 (exit_group); syscall
      "31ff 31f6 31d2 4531d2 4531c0 b80f010000 0f05 ebeb", // sleep: xor edi, esi, edx, r10d, r8d; mov eax,271 (ppoll); syscall; jmp sleep
      "2f736372697074 00", // path: "/script"
    ].join(""),
    calls: { socket: 41, sendto: 44, recvfrom: 45, exit_group: 231 },
  },
  arm64: {
    elf: 183,
    code: [
      "600c8092 e1030010 020080d2 030080d2 080780d2 010000d4", // mov x0,-100; adr x1,path; mov x2,0; mov x3,0; mov x8,56 (openat); svc 0
      "4002f8b7 130ca0d2 e10313aa 0202a0d2 e80780d2 010000d4", // tbnz x0,63,sleep; mov x19,0x600000; mov x1,x19; mov x2,1<<20; mov x8,63 (read); svc 0
      "680240a9 610a41a9 631242a9 652643a9 010000d4", // next: ldp x8,x0; x1,x2; x3,x4; x5,x9 from [x19] on; svc 0
      "1f0009eb 61000054 73220191 f8ffff17", // cmp x0,x9; b.ne fail; add x19,x19,72; b next
      "602240f9 c80b80d2 010000d4", // fail: ldr x0,[x19,64]; mov x8,94 (exit_group); svc 0
      "000080d2 010080d2 020080d2 030080d2 040080d2 280980d2 010000d4 f9ffff17", // sleep: mov x0..x4,0; mov x8,73 (ppoll); svc 0; b sleep
      "2f736372697074 00", // path: "/script"
    ].join(""),
    calls: { socket: 198, sendto: 206, recvfrom: 207, exit_group: 94 },
  },
};

/** Where the program looks for its script. */
export const scriptFile = "script";

// Where the program and its script lie in memory; both on the border of a page, of 4 KiB as of 64.
const [origin, scriptOrigin, scriptLimit, page] = [0x400000, 0x600000, 0x100000, 0x10000];
const [headerSize, segmentSize, stepSize] = [64, 56, 72];

/** A static ELF program of some 300 bytes: file header, two loaded segments (code; memory for the script), the code. @throws engine-architecture */
export function infraProgram(architecture: string): Buffer {
  const { elf, code } = machineOf(architecture);
  const bytes = Buffer.from(code.replaceAll(" ", ""), "hex");
  const head = Buffer.alloc(headerSize);
  const size = headerSize + 2 * segmentSize + bytes.length;
  head.set([0x7f, 0x45, 0x4c, 0x46, 2, 1, 1]); // ELF, 64 bits, little endian, version 1
  head.writeUInt16LE(2, 16); // an executable
  head.writeUInt16LE(elf, 18);
  head.writeUInt32LE(1, 20); // version
  head.writeBigUInt64LE(BigInt(origin + size - bytes.length), 24); // entry: the code comes right after the headers
  head.writeBigUInt64LE(BigInt(headerSize), 32); // where the segment table is
  head.writeUInt16LE(headerSize, 52);
  head.writeUInt16LE(segmentSize, 54);
  head.writeUInt16LE(2, 56); // segments
  const [readable, writable, executable] = [4, 2, 1];
  return Buffer.concat([
    head,
    segment(readable | executable, origin, size, size),
    segment(readable | writable, scriptOrigin, 0, scriptLimit),
    bytes,
  ]);
}

function segment(flags: number, address: number, inFile: number, inMemory: number): Buffer {
  const bytes = Buffer.alloc(segmentSize);
  bytes.writeUInt32LE(1, 0); // loaded
  bytes.writeUInt32LE(flags, 4);
  bytes.writeBigUInt64LE(BigInt(address), 16);
  bytes.writeBigUInt64LE(BigInt(address), 24);
  bytes.writeBigUInt64LE(BigInt(inFile), 32);
  bytes.writeBigUInt64LE(BigInt(inMemory), 40);
  bytes.writeBigUInt64LE(BigInt(page), 48);
  return bytes;
}

/** One system call of a script. */
export interface Step {
  readonly call: SystemCall;
  /** At most six; bytes are laid into the script, and the call gets their address. */
  readonly arguments: readonly (number | Buffer)[];
  /** What it must give; with anything else the program ends with the exit code `failure`. */
  readonly expected: number;
  readonly failure: number;
}

/** A script for the program. @throws engine-architecture, RangeError where it is longer than the program reads */
export function assembleScript(architecture: string, steps: readonly Step[]): Buffer {
  const { calls } = machineOf(architecture);
  const data: Buffer[] = [];
  let end = steps.length * stepSize;
  const place = (bytes: Buffer): number => {
    const address = scriptOrigin + end;
    const padded = Buffer.alloc(Math.ceil(bytes.length / 8) * 8);
    bytes.copy(padded);
    data.push(padded);
    end += padded.length;
    return address;
  };
  const records = steps.map((step) => {
    const words = step.arguments.map((argument) => (typeof argument === "number" ? argument : place(argument)));
    const record = Buffer.alloc(stepSize);
    for (const [at, word] of [calls[step.call], ...words].entries()) record.writeBigInt64LE(BigInt(word), at * 8);
    record.writeBigInt64LE(BigInt(step.expected), 56);
    record.writeBigInt64LE(BigInt(step.failure), 64);
    return record;
  });
  if (end > scriptLimit) throw new RangeError(`the script has ${end} bytes; the program reads ${scriptLimit}`);
  return Buffer.concat([...records, ...data]);
}

function machineOf(architecture: string): Machine {
  const machine = machines[architecture];
  if (machine === undefined) throw runtimeErrors["engine-architecture"]({ found: architecture });
  return machine;
}
