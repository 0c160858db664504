/** An OCI artifact that is a plug-in of the layer pod, engine or cluster: its manifest as the configuration, its folder as the only layer. */
export const pluginArtifactType = "application/vnd.outrigger.plugin.v1";
/** The configuration of such an artifact: plugin.yaml with its defaults, as JSON. */
export const pluginConfigType = "application/vnd.outrigger.plugin.config.v1+json";

/** What is read of a configuration at most. */
export const configLimit: number = 4 * 1024 * 1024;
