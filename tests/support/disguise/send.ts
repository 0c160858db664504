import { connect } from "node:net";

/** Longest wait for an answer: disguised requests may leave the other side waiting for more. */
const patience = 1_500;

/** Writes bytes to a unix socket and gives the status of each answer that comes, until `answers` of them are there, the other side closes, or nothing comes any more. */
export function send(socketPath: string, bytes: Buffer, answers: number): Promise<readonly number[]> {
  return new Promise((resolve) => {
    let text = "";
    const socket = connect(socketPath, () => socket.write(bytes));
    const statuses = (): readonly number[] =>
      [...text.matchAll(/HTTP\/1\.[01] (\d{3}) /g)].map(([, status]) => Number(status)).filter((status) => status !== 100);
    const done = (): void => {
      socket.destroy();
      resolve(statuses());
    };
    socket.setTimeout(patience, done);
    socket.on("data", (chunk) => {
      text += chunk.toString("latin1");
      if (statuses().length >= answers) done();
    });
    socket.on("error", done);
    socket.on("close", done);
  });
}
