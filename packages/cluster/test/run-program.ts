/** A runner in a process of its own, to be killed: its argument is what to run. */
import { connectHosts } from "../src/index.ts";
import { carryOut, type ProgramWork } from "./run-fakes.ts";

const { hosts, plan, folder, knownHosts } = JSON.parse(process.argv[2] ?? "") as ProgramWork;
const connections = connectHosts(hosts, {
  knownHosts,
  userKnownHosts: false,
  agent: false,
  keyFolder: false,
  readSecret: async () => "",
  onTrust: () => {},
});
const { result } = await carryOut({ folder, plan, connections });
await connections.close();
process.stdout.write(`${result}\n`);
