import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { TestContext } from "node:test";
import { credentials, loadPackageDefinition, type Metadata, type ServiceDefinition, type ServiceError } from "@grpc/grpc-js";
import { loadSync } from "@grpc/proto-loader";
import { criMessages } from "@outrigger/engine";

export type CriVersion = "v1" | "v1alpha2";
export type Message = Record<string, unknown>;

export interface CriClient {
  readonly call: (method: string, request: Message, metadata?: Metadata) => Promise<Message>;
  readonly close: () => void;
}

/** What the tests call beside CreateContainer. */
const service = `
service RuntimeService {
  rpc Version(VersionRequest) returns (VersionResponse);
  rpc RunPodSandbox(RunPodSandboxRequest) returns (RunPodSandboxResponse);
  rpc StopPodSandbox(PodSandboxRequest) returns (Empty);
  rpc RemovePodSandbox(PodSandboxRequest) returns (Empty);
  rpc CreateContainer(CreateContainerRequest) returns (CreateContainerResponse);
  rpc StartContainer(ContainerRequest) returns (Empty);
  rpc StopContainer(ContainerRequest) returns (Empty);
  rpc RemoveContainer(ContainerRequest) returns (Empty);
  rpc ContainerStatus(ContainerRequest) returns (ContainerStatusResponse);
  rpc ListContainers(Empty) returns (ListContainersResponse);
  rpc ExecSync(ExecSyncRequest) returns (ExecSyncResponse);
}
message Empty {}
message VersionRequest { string version = 1; }
message VersionResponse { string version = 1; string runtime_name = 2; string runtime_version = 3; string runtime_api_version = 4; }
message RunPodSandboxRequest { PodSandboxConfig config = 1; string runtime_handler = 2; }
message RunPodSandboxResponse { string pod_sandbox_id = 1; }
message PodSandboxRequest { string pod_sandbox_id = 1; }
message CreateContainerResponse { string container_id = 1; }
message ContainerRequest { string container_id = 1; }
message ContainerStatusResponse { ContainerStatus status = 1; }
message ContainerStatus { string id = 1; ContainerMetadata metadata = 2; int32 state = 3; map<string, string> labels = 12; map<string, string> annotations = 13; }
message ListContainersResponse { repeated Container containers = 1; }
message Container { string id = 1; string pod_sandbox_id = 2; ContainerMetadata metadata = 3; map<string, string> labels = 8; }
message ExecSyncRequest { string container_id = 1; repeated string cmd = 2; int64 timeout = 3; }
message ExecSyncResponse { bytes stdout = 1; bytes stderr = 2; int32 exit_code = 3; }
`;

/** The tests' part of the protocol as a .proto file; enumerations are plain numbers, as on the wire. */
export function protoText(version: CriVersion): string {
  const messages = [...criMessages].map(([name, { byName }]) => {
    const fields = [...byName.values()].map(({ name: field, number, repeated, type }) => {
      const word = type.kind === "map" ? "map<string, string>" : type.kind === "enum" ? "int32" : type.of === "text" ? "bytes" : type.of;
      return `  ${repeated ? "repeated " : ""}${word} ${field} = ${number};`;
    });
    return `message ${name} {\n${fields.join("\n")}\n}`;
  });
  return `syntax = "proto3";\npackage runtime.${version};\n${service}${messages.join("\n")}\n`;
}

/** The methods of the service with their messages read and written by another library than the one under test. */
export function criService(version: CriVersion): ServiceDefinition {
  const folder = mkdtempSync(join(tmpdir(), "outrigger-proto-"));
  try {
    const file = join(folder, "api.proto");
    writeFileSync(file, protoText(version));
    const loaded = loadSync(file, { keepCase: true, longs: String, defaults: false });
    return loaded[`runtime.${version}.RuntimeService`] as unknown as ServiceDefinition;
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** A CRI client as the kubelet is one. */
export function criClient(context: TestContext, socket: string, version: CriVersion = "v1"): CriClient {
  const name = `runtime.${version}.RuntimeService`;
  const services = loadPackageDefinition({ [name]: criService(version) } as never) as unknown as {
    runtime: Record<
      CriVersion,
      { RuntimeService: new (address: string, ...rest: unknown[]) => Record<string, (...words: unknown[]) => void> & { close: () => void } }
    >;
  };
  const client = new services.runtime[version].RuntimeService(`unix://${socket}`, credentials.createInsecure());
  context.after(() => client.close());
  return {
    call: (method, request, ...metadata) =>
      new Promise((resolve, reject) => {
        const done = (error: ServiceError | null, answer: Message): void => (error === null ? resolve(answer) : reject(error));
        client[method]?.(request, ...metadata, done);
      }),
    close: () => client.close(),
  };
}
