// A volume driver in plain Node that can be told to misbehave: while it runs by the file /data/mode, at its start by the variable MODE.
import { appendFileSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { createServer } from "node:http";

const socket = "/run/docker/plugins/driver.sock";
const volumes = "/data/volumes";
mkdirSync(volumes, { recursive: true });
const mode = (): string => (existsSync("/data/mode") ? readFileSync("/data/mode", "utf8").trim() : (process.env["MODE"] ?? ""));
console.log(`start ${process.env["GREETING"] ?? ""} ${mode()}`);
process.on("SIGTERM", () => process.exit(0));

if (mode() === "crash") {
  console.error("cannot go on: the disk is on fire");
  process.exit(7);
}
if (mode() === "deaf") setInterval(() => {}, 1000);
else serve();

function serve(): void {
  const server = createServer({ requireHostHeader: false, keepAliveTimeout: 0 }, async (request, response) => {
    let body = "";
    for await (const piece of request) body += String(piece);
    const method = (request.url ?? "").slice(1);
    appendFileSync("/data/calls", `${JSON.stringify({ method, body, headers: request.rawHeaders })}\n`);
    const now = mode();
    if (now === "hang") return;
    if (now === "garbage") return void request.socket.end("this is not HTTP\r\n\r\n");
    if (now === "cut") return void request.socket.destroy();
    if (now === "500") return void response.writeHead(500).end("out of cheese");
    if (now === "text") return void response.end("hello");
    if (now === "late") await new Promise((resolve) => setTimeout(resolve, 1500));
    if (now === "exit") process.exit(9);
    if (now.startsWith("at ")) return void response.end(JSON.stringify({ Mountpoint: now.slice(3), Err: "" }));
    response.end(JSON.stringify(answer(method, body === "" ? {} : (JSON.parse(body) as { Name?: string }))));
  });
  server.listen(socket);
}

function answer(method: string, { Name }: { readonly Name?: string }): unknown {
  const place = `${volumes}/${Name}`;
  const known = existsSync(place);
  if (method === "VolumeDriver.Capabilities") return { Capabilities: { Scope: "local" } };
  if (method === "VolumeDriver.List")
    return { Volumes: readdirSync(volumes).map((each) => ({ Name: each, Mountpoint: `${volumes}/${each}` })) };
  if (method === "VolumeDriver.Create") {
    mkdirSync(place, { recursive: true });
    return {};
  }
  if (!known) return { Err: "no such volume" };
  if (method === "VolumeDriver.Remove") rmSync(place, { recursive: true });
  if (method === "VolumeDriver.Get") return { Volume: { Name, Mountpoint: place, Status: { big: 1 } } };
  if (method === "VolumeDriver.Mount" || method === "VolumeDriver.Path") return { Mountpoint: place };
  return {};
}
