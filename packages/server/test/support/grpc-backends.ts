import { Client, credentials, Metadata, Server, ServerCredentials, type ServiceDefinition, type ServiceError } from "@grpc/grpc-js";

const service: ServiceDefinition = {
  name: {
    path: "/test.Names/Name",
    requestStream: false,
    responseStream: false,
    requestSerialize: (text: string) => Buffer.from(text),
    requestDeserialize: (bytes: Buffer) => bytes.toString(),
    responseSerialize: (text: string) => Buffer.from(text),
    responseDeserialize: (bytes: Buffer) => bytes.toString(),
  },
};

/** A gRPC server that answers each call with its own name. */
export interface Backend {
  readonly port: number;
  readonly close: () => void;
}

/** `delayMs` before each answer. */
export async function startBackend(name: string, delayMs = 0): Promise<Backend> {
  const server = new Server();
  server.addService(service, {
    name: (_call: unknown, answer: (error: null, text: string) => void) => {
      if (delayMs === 0) answer(null, name);
      else setTimeout(() => answer(null, name), delayMs);
    },
  });
  const port = await new Promise<number>((resolve, reject) => {
    server.bindAsync("127.0.0.1:0", ServerCredentials.createInsecure(), (error, bound) =>
      error === null ? resolve(bound) : reject(error),
    );
  });
  return { port, close: () => server.forceShutdown() };
}

/** Calls backends through whatever the target's scheme resolves to. */
export interface Caller {
  readonly call: (metadata?: Metadata) => Promise<string>;
  /** Answers of so many calls, counted by name. */
  readonly count: (calls: number) => Promise<Readonly<Record<string, number>>>;
  readonly close: () => void;
}

export function openCaller(target: string, options: Readonly<Record<string, string>>): Caller {
  const client = new Client(target, credentials.createInsecure(), options);
  const call = (metadata: Metadata = new Metadata()): Promise<string> =>
    new Promise((resolve, reject) => {
      const done = (error: ServiceError | null, text?: string): void => (error === null ? resolve(text ?? "") : reject(error));
      client.makeUnaryRequest(
        "/test.Names/Name",
        (text: string) => Buffer.from(text),
        (bytes: Buffer) => bytes.toString(),
        "?",
        metadata,
        { deadline: Date.now() + 15_000 },
        done,
      );
    });
  return {
    call,
    close: () => client.close(),
    async count(calls) {
      const counts: Record<string, number> = {};
      for (let left = calls; left > 0; left -= 50) {
        for (const name of await Promise.all(Array.from({ length: Math.min(left, 50) }, () => call())))
          counts[name] = (counts[name] ?? 0) + 1;
      }
      return counts;
    },
  };
}
