import { parseListener, parseUpstream, startGateway } from "@outrigger/engine";

/** The gateway alone, in its own process: `node bench/engine-gateway-process.ts UPSTREAM LISTENER...`. */
const [upstream = "", ...listeners] = process.argv.slice(2);
const { addresses } = await startGateway({
  listen: listeners.map(parseListener),
  upstream: parseUpstream(upstream),
  intercept: () => undefined,
});
console.log(addresses.join(" "));
