import { defineClusterPlugin } from "@outrigger/sdk";

export const pluginType = "LIST_NODE";

export default defineClusterPlugin({
  async run(context, phase) {
    const nodes = await context.kubernetes.listNodes();
    for (const node of nodes) console.log(node.metadata.name);
    context.log.debug(`${nodes.length} nodes at ${phase}`);
  },
});
