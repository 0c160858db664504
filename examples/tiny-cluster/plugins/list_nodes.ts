import { defineClusterPlugin } from "@outrigger/sdk";

export const pluginType = "LIST_NODE";

export default defineClusterPlugin({
  async run(context) {
    for (const node of await context.kubernetes.listNodes()) context.log.info(node.metadata.name);
  },
});
