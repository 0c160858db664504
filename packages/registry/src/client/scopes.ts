/** What a token is asked for. Both classes, as dockerd asks: the one with `plugin` is deprecated, but some servers still go by it. */
export function pullScopes(repository: string): readonly string[] {
  return [`repository(plugin):${repository}:pull`, `repository:${repository}:pull`];
}

export function pushScopes(repository: string): readonly string[] {
  return [`repository(plugin):${repository}:pull,push`, `repository:${repository}:pull,push`];
}
