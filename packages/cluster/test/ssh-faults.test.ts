import assert from "node:assert/strict";
import { generateKeyPairSync } from "node:crypto";
import { type AddressInfo, connect, createServer, type Server as NetServer, type Socket } from "node:net";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { isOutriggerError, type OutriggerError } from "@outrigger/plugin";
import ssh2, { type Connection, type ServerConfig } from "ssh2";
import { bash, connectedHosts } from "../../../tests/support/ssh-connections.ts";
import { temporaryFolder } from "../../../tests/support/temporary-folder.ts";
import { connectHosts, type Host, type HostConnection, type LinkEvent } from "../src/index.ts";

// Faults that a real sshd can't be asked for.

async function listen(context: TestContext, server: NetServer | ssh2.Server): Promise<number> {
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  context.after(() => void server.close());
  return (server.address() as AddressInfo).port;
}

async function connectTo(context: TestContext, port: number, events: LinkEvent[] = []): Promise<HostConnection> {
  const ssh = { user: "root", port, password: { from: "text", text: "pass" } } as const;
  const host: Host = { ip: "127.0.0.1", roles: ["master"], ssh, env: {}, labels: {}, taints: [] };
  const connections = connectHosts([host], {
    knownHosts: join(temporaryFolder(context), "known_hosts"),
    userKnownHosts: false,
    agent: false,
    keyFolder: false,
    readSecret: () => Promise.resolve("pass"),
    onTrust: () => undefined,
    onLink: (event) => void events.push(event),
    connectTimeout: 2_000,
    patience: 3_000,
  });
  context.after(() => connections.close());
  return await connections.get("127.0.0.1");
}

async function refusal(work: Promise<unknown>): Promise<OutriggerError> {
  const error = await work.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  assert.ok(isOutriggerError(error), String(error));
  assert.match(error.message, /127\.0\.0\.1/, "every error names its host");
  return error;
}

const hostKey = generateKeyPairSync("rsa", {
  modulusLength: 2048,
  publicKeyEncoding: { type: "pkcs1", format: "pem" },
  privateKeyEncoding: { type: "pkcs1", format: "pem" },
}).privateKey;

function sshServer(config: Partial<ServerConfig>, accepted: (client: Connection) => void): ssh2.Server {
  return new ssh2.Server({ hostKeys: [hostKey], ...config }, (client) => {
    client.on("error", () => undefined);
    client.on("authentication", (attempt) => attempt.accept());
    client.on("ready", () => accepted(client));
  });
}

test("a server that knows only weak algorithms is refused, of whatever kind they are", async (context) => {
  const weak: readonly NonNullable<ServerConfig["algorithms"]>[] = [
    { kex: ["diffie-hellman-group1-sha1"] },
    { kex: ["diffie-hellman-group14-sha1"] },
    { cipher: ["aes128-cbc", "3des-cbc"] },
    { cipher: ["aes128-ctr"], hmac: ["hmac-sha1", "hmac-md5"] },
    { serverHostKey: ["ssh-rsa"] },
  ];
  for (const algorithms of weak) {
    const port = await listen(
      context,
      sshServer({ algorithms }, () => assert.fail("it let us in")),
    );
    assert.equal((await refusal(connectTo(context, port))).code, "ssh-algorithms", JSON.stringify(algorithms));
  }
});

test("what listens is no sshd: silence, another protocol, rubbish, an end at any byte", async (context) => {
  const servers: Readonly<Record<string, (socket: Socket) => void>> = {
    "host-unreachable": () => undefined,
    "ssh-protocol": (socket) => socket.end("HTTP/1.1 400 Bad Request\r\n\r\n"),
  };
  for (const [code, serve] of Object.entries(servers)) {
    const port = await listen(context, createServer(serve));
    assert.equal((await refusal(connectTo(context, port))).code, code);
  }
  const answers = [
    "",
    "S",
    "SSH-2.0-x",
    "SSH-1.5-old\r\n",
    "SSH-2.0-x\r\n",
    "SSH-2.0-x\r\n\0\0\0",
    `SSH-2.0-x\r\n${"\u00ff".repeat(40)}`,
    "x".repeat(100_000),
  ];
  for (const answer of answers) {
    const port = await listen(
      context,
      createServer((socket) => {
        socket.on("error", () => undefined);
        socket.end(answer, "latin1");
      }),
    );
    const { code } = await refusal(connectTo(context, port));
    assert.ok(["ssh-protocol", "host-unreachable"].includes(code), `${JSON.stringify(answer.slice(0, 20))}: ${code}`);
  }
});

test("banners and greetings are not taken for anything", async (context) => {
  const config = { banner: "\u001b[31mAuthorised use only\r\n".repeat(200), greeting: "hello" };
  const port = await listen(
    context,
    sshServer(config, (client) => {
      client.on("session", (accept) => {
        accept().on("exec", (acceptExec) => {
          const channel = acceptExec();
          channel.write("hello from nowhere");
          channel.exit(0);
          channel.end();
        });
      });
    }),
  );
  const host = await connectTo(context, port);
  assert.equal((await refusal(host.facts())).code, "host-shell-ended");
});

test("sessions that are refused, and a login shell that ends by a signal", async (context) => {
  let fault: "no session" | "no command" | "a signal" = "no session";
  const port = await listen(
    context,
    sshServer({}, (client) => {
      client.on("session", (accept, reject) => {
        if (fault === "no session") return reject();
        accept().on("exec", (acceptExec, rejectExec) => {
          if (fault === "no command") return rejectExec();
          const channel = acceptExec();
          channel.exit("KILL");
          channel.end();
        });
      });
    }),
  );
  const host = await connectTo(context, port);
  assert.equal((await refusal(host.facts())).code, "ssh-sessions-refused");
  fault = "no command";
  assert.equal((await refusal(host.facts())).code, "ssh-sessions-refused");
  fault = "a signal";
  assert.match((await refusal(host.facts())).message, /ended \(exit by a signal\) before it ran anything/);
});

test("a link that is lost again and again, whatever is asked, is given up", async (context) => {
  const events: LinkEvent[] = [];
  let sessions = 0;
  const port = await listen(
    context,
    sshServer({}, (client) => {
      client.on("session", () => {
        sessions += 1;
        client.end();
      });
    }),
  );
  const host = await connectTo(context, port, events);
  assert.equal((await refusal(host.facts())).code, "ssh-link-lost");
  assert.equal(sessions, 20);
});

test("a connection that ends at any byte, in either direction: a task runs once and its output is whole", async (context) => {
  const all = await connectedHosts(context, 1);
  const [host] = all.hosts;
  let cuts: number[] = [];
  const kinds: string[] = [];
  const port = await listen(
    context,
    createServer((client) => {
      const upstream = connect(22, host?.ip ?? "");
      const end = (): void => void [client, upstream].map((socket) => socket.destroy());
      let left = cuts.shift() ?? Number.POSITIVE_INFINITY;
      for (const [from, to] of [
        [client, upstream],
        [upstream, client],
      ] as const) {
        from.on("error", end).on("close", end);
        from.on("data", (piece: Buffer) => {
          to.write(left < piece.length ? piece.subarray(0, Math.max(0, left)) : piece);
          left -= piece.length;
          if (left <= 0) setImmediate(end);
        });
      }
    }),
  );
  const model: Host = { ...all.first.host, ip: "127.0.0.1", ssh: { ...all.first.host.ssh, port } };
  const text =
    "echo ran >> /root/times; for i in {1..300}; do echo line $i; ((i % 30)) || { echo error $i >&2; sleep 0.02; }; done; exit 7";
  const numbers = Array.from({ length: 300 }, (_, index) => index + 1);
  const stdout = numbers.map((each) => `line ${each}\n`).join("");
  const stderr = numbers.map((each) => (each % 30 === 0 ? `error ${each}\n` : "")).join("");
  for (let round = 0; round < 12; round += 1) {
    // The first is long enough to log in; later ones end anywhere, also while logging in.
    cuts = [9_000 + round * 700, 300 + round * 977, 5_000 + round * 1_733];
    const connections = connectHosts([model], {
      ...all.options,
      knownHosts: join(all.folder, `known-${round}`),
      patience: 20_000,
      onLink: ({ kind }) => void kinds.push(kind),
    });
    const connection = await connections.get("127.0.0.1");
    const printed = { stdout: "", stderr: "" };
    const outcome = await connection.run(
      { key: `cut/${round}`, script: bash(text), secrets: {}, timeout: 30_000 },
      {
        signal: new AbortController().signal,
        onOutput: (stream, piece) => {
          printed[stream] += Buffer.from(piece).toString();
        },
      },
    );
    await connections.close();
    assert.deepEqual({ ...outcome, attached: true }, { kind: "ended", exit: 7, attached: true });
    assert.deepEqual(printed, { stdout, stderr }, `round ${round}`);
    assert.equal(host?.read("/root/times"), "ran\n".repeat(round + 1));
  }
  assert.ok(kinds.filter((kind) => kind === "lost").length >= 6, String(kinds));
});
