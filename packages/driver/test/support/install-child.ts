// Opens a host and installs a package, to be killed in the middle of it: ROOT FOLDER PACKAGE-AS-JSON.
import { ociRuntime, openDriverHost, rootFolder, storedPackages, usualTimes } from "@outrigger/driver";

const [path = "", request = ""] = process.argv.slice(2);
const root = rootFolder(path);
const host = await openDriverHost({
  root,
  runtime: ociRuntime(root.runtime, undefined),
  access: storedPackages(root),
  publish: [`${path}/published`],
  logging: `${path}/logging`,
  metrics: `${path}/metrics.sock`,
  times: usualTimes,
  callLimit: 60_000,
  patience: 1_000,
  endLimit: 1_000,
  log: () => {},
});
process.stdout.write("open\n");
await host.install(JSON.parse(request), () => {});
process.stdout.write("installed\n");
await host.close();
