import type { FileTree, Platform } from "@outrigger/registry";
import { applyConfigs } from "../files/apply-configs.ts";
import type { ClusterImage } from "../image/cluster-image.ts";
import type { Cluster } from "../model/cluster.ts";
import type { ConfigDocument } from "../model/config-document.ts";
import type { Host } from "../model/host.ts";
import { canonicalJson } from "../plan/digest.ts";
import type { HostFacts } from "../ssh/host-connection.ts";

/** The files of an image as its hosts get them; what hosts share is made once. */
export interface RootfsTrees {
  readonly of: (host: Host, facts: HostFacts) => Promise<FileTree>;
  readonly close: () => Promise<void>;
}

/**
 * @param application of an application image: documents for another one don't count
 * @param note told what a document did not do
 */
export function rootfsTrees(
  image: Pick<ClusterImage, "rootfs" | "env">,
  cluster: Cluster,
  application: string | undefined,
  note: (text: string) => void,
): RootfsTrees {
  const configs = [...kubeadmFile(cluster), ...cluster.configs].filter(
    (each) => each.application === undefined || each.application === application,
  );
  const plain = new Map<string, Promise<FileTree>>();
  const configured = new Map<string, Promise<FileTree>>();
  const plainTree = (platform: Platform): Promise<FileTree> => once(plain, platform.architecture, () => image.rootfs(platform));
  return {
    of: ({ env }, { architecture }) => {
      const variables = { ...image.env, ...env };
      return once(configured, `${architecture} ${canonicalJson(variables)}`, async () => {
        const { tree, notes } = await applyConfigs(await plainTree({ os: "linux", architecture }), configs, variables);
        for (const text of notes) note(text);
        return tree;
      });
    },
    close: async () => {
      for (const trees of [configured, plain])
        for (const tree of trees.values())
          await tree.then(
            ({ close }) => close(),
            () => undefined,
          );
    },
  };
}

/** kubeadm's documents are passed on as they are, as the file that its scripts expect. */
function kubeadmFile({ kubeadm }: Cluster): readonly ConfigDocument[] {
  if (kubeadm.length === 0) return [];
  const data = kubeadm.map(({ text }) => `${text.trimEnd()}\n`).join("---\n");
  return [
    {
      name: "kubeadm",
      path: "etc/kubeadm.yaml",
      data,
      strategy: "overwrite",
      process: [],
      template: false,
      origin: { from: "clusterfile", file: "", line: 1 },
    },
  ];
}

function once(made: Map<string, Promise<FileTree>>, key: string, make: () => Promise<FileTree>): Promise<FileTree> {
  const known = made.get(key) ?? make();
  made.set(key, known);
  return known;
}
