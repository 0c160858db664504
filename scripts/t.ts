import { parseListener, parseUpstream, serveEngine } from "@outrigger/engine";

const s = await serveEngine({
  listen: [parseListener("unix:///tmp/fe/gw.sock")],
  upstream: parseUpstream("unix:///tmp/fe/d.sock"),
  plugins: "/tmp/ep",
  state: "/tmp/fe/state",
  control: "/tmp/fe/control.sock",
  log: console.log,
});
console.log(s.addresses);
process.on("SIGTERM", () => {
  void s.stop(100).then(() => process.exit(0));
});
