import type { Check } from "../check.ts";
import type { RunningDriver } from "../launcher.ts";
import type { Probe } from "../probe.ts";
import { listenLimit } from "../session.ts";
import { harmlessCall } from "./harmless.ts";
import { endpointOptions, requestedAddress, requestedPool } from "./ipam/pools.ts";
import { createdEndpoint, createdNetwork, newEndpoint } from "./network/networks.ts";
import { created, found, listed, mounted } from "./volume/volumes.ts";

const soon = { listen: 500, stop: 1_000 } as const;
const stopLimit = 10_000;

export const lifecycleChecks: readonly Check[] = [
  {
    id: "lifecycle.listens",
    level: "MUST",
    title: `The driver listens within ${listenLimit / 1000} s of its start.`,
    because: "dockerd tries to connect after 0.5 s and then four times, 3 s apart; then it disables the plug-in (measured on 20.10).",
    mend: "Listen first, and make the driver ready afterwards.",
    run: async (probe) => {
      await running(probe).stop();
      await restarted(probe);
    },
  },
  {
    id: "lifecycle.listens-soon",
    level: "SHOULD",
    title: `The driver listens within ${soon.listen / 1000} s of its start.`,
    because: "A driver that misses dockerd's first try is tried again only 3 s later (measured on 20.10).",
    mend: "Listen first, and make the driver ready afterwards.",
    needs: "lifecycle.listens",
    run: async (probe) => {
      await running(probe).stop();
      const took = await restarted(probe);
      probe.expect(took <= soon.listen, `to listen within ${soon.listen} ms`, `it took ${took} ms`);
    },
  },
  {
    id: "lifecycle.stop",
    level: "MUST",
    title: `The driver ends within ${stopLimit / 1000} s of SIGTERM.`,
    because: "Then it is killed. As process 1 of its namespace it does not end by SIGTERM unless it handles it (measured on 20.10).",
    mend: "Handle SIGTERM: finish what was begun, and exit.",
    run: async (probe) => {
      const took = await stopTime(probe);
      probe.expect(took < stopLimit, `to end within ${stopLimit} ms`, "it had to be killed");
    },
  },
  {
    id: "lifecycle.stop-soon",
    level: "SHOULD",
    title: `The driver ends within ${soon.stop / 1000} s of SIGTERM.`,
    because: "`docker plugin disable` and the engine's own stop wait for it.",
    mend: "Handle SIGTERM: close idle connections, and exit.",
    needs: "lifecycle.stop",
    run: async (probe) => {
      const took = await stopTime(probe);
      probe.expect(took <= soon.stop, `to end within ${soon.stop} ms`, `it took ${Math.round(took)} ms`);
    },
  },
  {
    id: "lifecycle.restart-after-kill",
    level: "MUST",
    title: "After SIGKILL the driver starts again and listens, though its socket's file is still there.",
    because: "A managed plug-in is started again at once when it dies; for a driver that runs by itself the file stays (all versions).",
    mend: "Remove a socket's file that nobody listens at before binding.",
    run: async (probe) => {
      await killedAndRestarted(probe);
      const { method, args } = harmlessCall(probe.session);
      await probe.ask(method, args);
    },
  },
  {
    id: "lifecycle.volumes-survive",
    level: "MUST",
    title: "Volumes are there after SIGKILL and a new start, and can be mounted.",
    because: "The engine never creates a volume again: one that the driver has forgotten is lost (all versions).",
    mend: "Keep the list of volumes on disk (of a managed plug-in: below PropagatedMount, which survives upgrades), written before Create is answered.",
    needs: "volume.create",
    run: async (probe) => {
      has(probe, "VolumeDriver");
      const name = await created(probe);
      await killedAndRestarted(probe);
      probe.expect((await found(probe, name)) !== undefined, "Get to give the volume", "it gives none");
      probe.expect((await listed(probe)).includes(name), "List to have it", "it does not");
      await mounted(probe, name, probe.id());
    },
  },
  {
    id: "lifecycle.mounts-survive",
    level: "MUST",
    title: "A volume that was mounted when the driver was killed can be mounted again, unmounted and removed.",
    because: "Containers go on running while a driver is started again; their Unmount comes later (all versions).",
    mend: "Mounting what is mounted already, and unmounting what is not, must be no failure that stays.",
    needs: "volume.mount",
    run: async (probe) => {
      has(probe, "VolumeDriver");
      const name = await created(probe);
      const ids = [probe.id(), probe.id()] as const;
      await mounted(probe, name, ids[0]);
      await killedAndRestarted(probe);
      await mounted(probe, name, ids[1]);
      for (const ID of [ids[1], ids[0]]) await probe.ask("VolumeDriver.Unmount", { Name: name, ID });
      await probe.succeed("VolumeDriver.Remove", { Name: name });
    },
  },
  {
    id: "lifecycle.networks-survive",
    level: "MUST",
    title: "An endpoint can be made in a network that was there before SIGKILL and a new start.",
    because: "The engine keeps networks of its own and does not create them again in the driver (libnetwork, all versions).",
    mend: "Keep the list of networks on disk, written before CreateNetwork is answered.",
    needs: "network.create",
    run: async (probe) => {
      has(probe, "NetworkDriver");
      const network = await createdNetwork(probe);
      await killedAndRestarted(probe);
      await createdEndpoint(probe, newEndpoint(probe, network), `${network.subnet}.3/24`);
    },
  },
  {
    id: "lifecycle.addresses-survive",
    level: "MUST",
    title: "An address that was handed out before SIGKILL and a new start is not handed out again.",
    because:
      "Containers keep their addresses while the driver is started again; only a driver that declares RequiresRequestReplay is told of them, by the engine's next start.",
    mend: "Keep pools and addresses on disk, written before RequestAddress is answered.",
    needs: "ipam.address-wanted",
    run: async (probe) => {
      has(probe, "IpamDriver");
      const pool = await requestedPool(probe);
      const options = await endpointOptions(probe);
      const { address } = await requestedAddress(probe, pool, "", options);
      await killedAndRestarted(probe);
      await probe.refuse("IpamDriver.RequestAddress", { PoolID: pool.id, Address: address, Options: options }, "the address is held");
      await requestedAddress(probe, pool, "", options);
    },
  },
];

/** Asked last, whatever is tested. */
export const aliveCheck: Check = {
  id: "http.alive",
  level: "MUST",
  title: "After all checks the driver still answers.",
  because: "An engine asks the same driver for months.",
  mend: "See what was sent before it fell silent: `--only` asks a check alone.",
  run: async (probe) => {
    const { method, args } = harmlessCall(probe.session);
    await probe.ask(method, args, { fresh: true });
  },
};

function running(probe: Probe): RunningDriver {
  return probe.session.running() ?? probe.skip("the driver was not started by this tool: name its program after --");
}

function has(probe: Probe, name: string): void {
  if (!probe.session.interfaces.has(name)) probe.skip(`the driver has no ${name}`);
}

async function stopTime(probe: Probe): Promise<number> {
  const took = await running(probe).stop();
  await restarted(probe);
  return took;
}

async function killedAndRestarted(probe: Probe): Promise<void> {
  await running(probe).kill();
  await restarted(probe);
}

async function restarted(probe: Probe): Promise<number> {
  const took = await probe.session.start();
  const ended = probe.session.running()?.ended();
  const found = ended === undefined ? "it does not" : `it ended (${ended})`;
  if (took === undefined) return probe.fail(`to listen within ${listenLimit} ms of its start`, found);
  return took;
}
