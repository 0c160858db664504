import { createServer } from "node:http";
import type { CallContext } from "@outrigger/sdk/driver";
import { volumes } from "./volumes.ts";

/** The same driver by hand: no checks, no deadlines, no log. */
const context = {} as CallContext;
type Args = { readonly Name: string; readonly ID: string; readonly Opts: Readonly<Record<string, string>> };

const methods: Readonly<Record<string, (args: Args) => Promise<object>>> = {
  "/VolumeDriver.Create": async ({ Name, Opts }) => {
    await volumes.create({ name: Name, options: Opts ?? {} }, context);
    return { Err: "" };
  },
  "/VolumeDriver.Mount": async ({ Name, ID }) => ({ Mountpoint: await volumes.mount({ name: Name, id: ID }, context), Err: "" }),
  "/VolumeDriver.Unmount": async () => ({ Err: "" }),
  "/VolumeDriver.Get": async ({ Name }) => {
    const found = await volumes.get({ name: Name }, context);
    return found === undefined ? { Err: "no such volume" } : { Volume: { Name: found.name, Mountpoint: found.mountpoint }, Err: "" };
  },
};

const server = createServer({ requireHostHeader: false }, (request, response) => {
  const parts: Buffer[] = [];
  request.on("data", (part: Buffer) => parts.push(part));
  request.on("end", async () => {
    const answer = await methods[request.url ?? ""]?.(JSON.parse(Buffer.concat(parts).toString()) as Args);
    const body = JSON.stringify(answer ?? {});
    response.writeHead(answer === undefined ? 404 : 200, {
      "Content-Type": "application/vnd.docker.plugins.v1.2+json",
      "Content-Length": Buffer.byteLength(body),
    });
    response.end(body);
  });
});
server.listen(process.env["OUTRIGGER_DRIVER_SOCKET"], () => console.log("serving"));
process.on("SIGTERM", () => process.exit(0));
