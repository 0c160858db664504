import { runtimeErrors } from "../errors.ts";

interface Machine {
  /** The number by which ELF knows the architecture. */
  readonly elf: number;
  /** Machine code in hexadecimal. */
  readonly code: string;
}

/**
 * The program of the infra container: it lays the pod's redirections, if any, and then sleeps until it is killed. In C:
 *
 *     int file = open("/redirects", O_RDONLY);
 *     if (file >= 0) {
 *       length = read(file, buffer, 65536);                          // netlink messages, see redirects.ts
 *       netlink = socket(AF_NETLINK, SOCK_RAW, NETLINK_NETFILTER);
 *       if (write(netlink, buffer, length) < 0) exit(1);
 *       if (recvfrom(netlink, buffer, 65536, MSG_DONTWAIT, 0, 0) != -EAGAIN) exit(1);  // an answer is an error
 *     }
 *     for (;;) pause();                                              // arm64: ppoll(NULL, 0, NULL, NULL, 0)
 */
const machines: Readonly<Record<string, Machine>> = {
  amd64: {
    elf: 62,
    code: [
      "488d3d83000000 31f6 b802000000 0f05 85c0 7861", // lea rdi,path; xor esi,esi; mov eax,2 (open); syscall; test eax,eax; js sleep
      "89c7 488d3578000000 ba00000100 31c0 0f05 4989c4", // mov edi,eax; lea rsi,buffer; mov edx,65536; xor eax,eax (read); syscall; mov r12,rax
      "bf10000000 be03000000 ba0c000000 b829000000 0f05", // mov edi,16; mov esi,3; mov edx,12; mov eax,41 (socket); syscall
      "89c7 488d354d000000 4c89e2 b801000000 0f05 4885c0 7827", // mov edi,eax; lea rsi,buffer; mov rdx,r12; mov eax,1 (write); syscall; js fail
      "ba00000100 41ba40000000 4531c0 4531c9 b82d000000 0f05", // mov edx,65536; mov r10d,64; xor r8d,r8d; xor r9d,r9d; mov eax,45 (recvfrom); syscall
      "4883f8f5 7509", // cmp rax,-11; jne fail
      "b822000000 0f05 ebf7", // sleep: mov eax,34 (pause); syscall; jmp sleep
      "bf01000000 b83c000000 0f05", // fail: mov edi,1; mov eax,60 (exit); syscall
      "2f726564697265637473 00", // path: "/redirects"
    ].join(""),
  },
  arm64: {
    elf: 183,
    code: [
      "600c8092 21050010 020080d2 080780d2 010000d4 4003f8b7", // mov x0,-100; adr x1,path; mov x2,0; mov x8,56 (openat); svc 0; tbnz x0,63,sleep
      "c1040070 2200a0d2 e80780d2 010000d4 f30300aa", // adr x1,buffer; mov x2,65536; mov x8,63 (read); svc 0; mov x19,x0
      "000280d2 610080d2 820180d2 c81880d2 010000d4 f40300aa", // mov x0,16; mov x1,3; mov x2,12; mov x8,198 (socket); svc 0; mov x20,x0
      "61030070 e20313aa 080880d2 010000d4 4002f8b7", // adr x1,buffer; mov x2,x19; mov x8,64 (write); svc 0; tbnz x0,63,fail
      "e00314aa 2200a0d2 030880d2 040080d2 050080d2 e81980d2 010000d4", // mov x0,x20; mov x2,65536; mov x3,64; mov x4,0; mov x5,0; mov x8,207 (recvfrom); svc 0
      "1f2c00b1 21010054", // cmn x0,11; b.ne fail
      "000080d2 010080d2 020080d2 030080d2 040080d2 280980d2 010000d4 f9ffff17", // sleep: mov x0..x4,0; mov x8,73 (ppoll); svc 0; b sleep
      "200080d2 a80b80d2 010000d4", // fail: mov x0,1; mov x8,93 (exit); svc 0
      "2f726564697265637473 00", // path: "/redirects"
    ].join(""),
  },
};

/** Where the program looks for the redirections. */
export const redirectsFile = "redirects";

const [origin, headerSize, segmentSize, bufferSize] = [0x400000, 64, 56, 65_536];

/** A static ELF program of some 300 bytes: file header, one loaded segment, the code; the buffer comes after it in memory. @throws engine-architecture */
export function infraProgram(architecture: string): Buffer {
  const machine = machines[architecture];
  if (machine === undefined) throw runtimeErrors["engine-architecture"]({ found: architecture });
  const code = Buffer.from(machine.code.replaceAll(" ", ""), "hex");
  const head = Buffer.alloc(headerSize + segmentSize);
  const size = head.length + code.length;
  head.set([0x7f, 0x45, 0x4c, 0x46, 2, 1, 1]); // ELF, 64 bits, little endian, version 1
  head.writeUInt16LE(2, 16); // an executable
  head.writeUInt16LE(machine.elf, 18);
  head.writeUInt32LE(1, 20); // version
  head.writeBigUInt64LE(BigInt(origin + head.length), 24); // entry: the code comes right after the headers
  head.writeBigUInt64LE(BigInt(headerSize), 32); // where the segment table is
  head.writeUInt16LE(headerSize, 52);
  head.writeUInt16LE(segmentSize, 54);
  head.writeUInt16LE(1, 56); // one segment
  head.writeUInt32LE(1, 64); // loaded,
  head.writeUInt32LE(7, 68); // readable, writable and executable,
  head.writeBigUInt64LE(BigInt(origin), 80); // at this virtual address
  head.writeBigUInt64LE(BigInt(origin), 88);
  head.writeBigUInt64LE(BigInt(size), 96); // in the file
  head.writeBigUInt64LE(BigInt(size + bufferSize), 104); // in memory
  head.writeBigUInt64LE(0x1000n, 112); // page
  return Buffer.concat([head, code]);
}
