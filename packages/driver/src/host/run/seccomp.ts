import { callsOfCapability, plainCalls } from "./seccomp-calls.ts";

interface SeccompArgument {
  readonly index: number;
  readonly value: number;
  readonly valueTwo?: number;
  readonly op: "SCMP_CMP_EQ" | "SCMP_CMP_NE" | "SCMP_CMP_MASKED_EQ";
}

interface SeccompRule {
  readonly names: readonly string[];
  readonly action: "SCMP_ACT_ALLOW" | "SCMP_ACT_ERRNO";
  readonly errnoRet?: number;
  readonly args?: readonly SeccompArgument[];
}

/** As the OCI runtime specification has it (config-linux.md, "Seccomp"). */
export interface SeccompProfile {
  readonly defaultAction: "SCMP_ACT_ERRNO";
  readonly defaultErrnoRet: number;
  readonly architectures: readonly string[];
  readonly syscalls: readonly SeccompRule[];
}

const [notPermitted, notImplemented] = [1, 38];

/** CLONE_NEWNS, NEWCGROUP, NEWUTS, NEWIPC, NEWUSER, NEWPID and NEWNET together. */
const namespaceFlags = 0x7e020000;
const vsock = 40;

/** What `uname26` and reading the personality need. */
const personalities: readonly number[] = [0x0, 0x8, 0x20000, 0x20008, 0xffffffff];

const architectures: Readonly<Record<string, readonly string[]>> = {
  x64: ["SCMP_ARCH_X86_64", "SCMP_ARCH_X86", "SCMP_ARCH_X32"],
  arm64: ["SCMP_ARCH_AARCH64", "SCMP_ARCH_ARM"],
  arm: ["SCMP_ARCH_ARM"],
  riscv64: ["SCMP_ARCH_RISCV64"],
  s390x: ["SCMP_ARCH_S390X", "SCMP_ARCH_S390"],
  ppc64: ["SCMP_ARCH_PPC64LE"],
};

/** Docker's default profile as a driver with these capabilities needs it; Docker itself runs plug-ins without any. */
export function seccompProfile(capabilities: readonly string[], architecture: string = process.arch): SeccompProfile {
  const granted = capabilities.flatMap((name) => callsOfCapability[name] ?? []);
  const allow = (names: readonly string[], ...args: readonly SeccompArgument[]): SeccompRule => ({
    names,
    action: "SCMP_ACT_ALLOW",
    ...(args.length === 0 ? {} : { args }),
  });
  const mayNamespace = capabilities.includes("CAP_SYS_ADMIN");
  return {
    defaultAction: "SCMP_ACT_ERRNO",
    defaultErrnoRet: notPermitted,
    architectures: architectures[architecture] ?? [],
    syscalls: [
      allow([...new Set([...plainCalls, ...granted])]),
      ...personalities.map((value) => allow(["personality"], { index: 0, value, op: "SCMP_CMP_EQ" })),
      allow(["socket"], { index: 0, value: vsock, op: "SCMP_CMP_NE" }),
      // clone3 has its flags behind a pointer, where no filter can look; told that it does not exist, a C library uses clone.
      ...(mayNamespace
        ? []
        : [
            allow(["clone"], { index: 0, value: namespaceFlags, valueTwo: 0, op: "SCMP_CMP_MASKED_EQ" }),
            { names: ["clone3"], action: "SCMP_ACT_ERRNO", errnoRet: notImplemented } as const,
          ]),
    ],
  };
}
