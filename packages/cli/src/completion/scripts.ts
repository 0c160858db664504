import type { CompletionNode, CompletionOption } from "./tree.ts";

export type Shell = "bash" | "zsh" | "fish";
export const shells: readonly Shell[] = ["bash", "zsh", "fish"];

/** The completion script of a shell, from the command tree. */
export function completionScript(shell: Shell, nodes: readonly CompletionNode[]): string {
  const writers: Readonly<Record<Shell, (nodes: readonly CompletionNode[]) => string>> = { bash, zsh, fish };
  return writers[shell](nodes);
}

/** Names of commands are plain words; texts of people can hold anything. */
function quote(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`;
}

function flags({ long, short }: CompletionOption): string {
  return short === undefined ? long : `${long} ${short}`;
}

function bash(nodes: readonly CompletionNode[]): string {
  const words = nodes.map((node) => {
    const list = [...node.subcommands.map(({ name }) => name), ...node.choices, ...node.options.map(flags)];
    return `    ${quote(node.words)}) words=${quote(list.join(" "))}; files=${node.files ? 1 : 0};;`;
  });
  const choices = [...choicesOf(nodes)].map(
    ([option, values]) => `    ${option}) COMPREPLY=($(compgen -W ${quote(values.join(" "))} -- "$current")); return;;`,
  );
  const valued = [...valuedOptions(nodes)].join("|");
  return `# bash completion for outrigger
_outrigger() {
  local current=\${COMP_WORDS[COMP_CWORD]} previous=\${COMP_WORDS[COMP_CWORD-1]} path='' word words='' files=0 skip=0
  case $previous in
${choices.join("\n")}
    ${valued}) COMPREPLY=($(compgen -f -- "$current")); return;;
  esac
  for word in "\${COMP_WORDS[@]:1:COMP_CWORD-1}"; do
    if [ $skip = 1 ]; then skip=0; continue; fi
    case $word in
      ${valued}) skip=1;;
      -*) ;;
      *) case " ${commandWords(nodes).join(" ")} " in *" \${path:+\${path}_}$word "*) path=\${path:+\${path}_}$word;; esac;;
    esac
  done
  case \${path//_/ } in
${words.join("\n")}
  esac
  COMPREPLY=($(compgen -W "$words" -- "$current"))
  if [ $files = 1 ]; then COMPREPLY+=($(compgen -f -- "$current")); fi
}
complete -o filenames -F _outrigger outrigger
`;
}

function zsh(nodes: readonly CompletionNode[]): string {
  const cases = nodes.map((node) => {
    const commands = [
      ...node.subcommands.map(({ name, summary }) => quote(`${name}:${summary.replaceAll(":", "\\:")}`)),
      ...node.choices.map(quote),
    ];
    const options = node.options.flatMap((option) =>
      flags(option)
        .split(" ")
        .map((flag) => quote(`${flag}:${option.description.replaceAll(":", "\\:")}`)),
    );
    return `    ${quote(node.words)}) commands=(${commands.join(" ")}); options=(${options.join(" ")}); files=${node.files ? 1 : 0};;`;
  });
  const choices = [...choicesOf(nodes)].map(([option, values]) => `    ${option}) compadd -- ${values.join(" ")}; return;;`);
  const valued = [...valuedOptions(nodes)].join("|");
  return `#compdef outrigger
# zsh completion for outrigger
_outrigger() {
  local -a commands options
  local path_words='' word files=0 skip=0
  case $words[CURRENT-1] in
${choices.join("\n")}
    ${valued}) _files; return;;
  esac
  for word in \${words[2,CURRENT-1]}; do
    if (( skip )); then skip=0; continue; fi
    case $word in
      ${valued}) skip=1;;
      -*) ;;
      *) case " ${commandWords(nodes).join(" ")} " in *" \${path_words:+\${path_words}_}$word "*) path_words=\${path_words:+\${path_words}_}$word;; esac;;
    esac
  done
  case \${path_words//_/ } in
${cases.join("\n")}
  esac
  if [[ $words[CURRENT] == -* ]]; then _describe option options; return; fi
  (( $#commands )) && _describe command commands
  (( files )) && _files
}
# Loaded from fpath, this file is the function's first call; sourced, it only makes it known.
if [[ $funcstack[1] == _outrigger ]]; then _outrigger "$@"; else compdef _outrigger outrigger; fi
`;
}

function fish(nodes: readonly CompletionNode[]): string {
  const lines = nodes.flatMap((node) => {
    const when = `-n ${quote(`__outrigger_at ${quote(node.words)}`)}`;
    return [
      ...node.subcommands.map(({ name, summary }) => `complete -c outrigger ${when} -f -a ${name} -d ${quote(summary)}`),
      ...node.choices.map((choice) => `complete -c outrigger ${when} -f -a ${choice}`),
      ...(node.files ? [`complete -c outrigger ${when} -F`] : []),
      ...node.options.map((option) => {
        const short = option.short === undefined ? "" : ` -s ${option.short.slice(1)}`;
        const value = option.choices.length > 0 ? ` -x -a ${quote(option.choices.join(" "))}` : option.takesValue ? " -r" : "";
        return `complete -c outrigger ${when} -l ${option.long.slice(2)}${short}${value} -d ${quote(option.description)}`;
      }),
    ];
  });
  const valued = [...valuedOptions(nodes)].join(" ");
  return `# fish completion for outrigger
function __outrigger_at
  set -l path
  set -l skip 0
  for word in (commandline -opc)[2..]
    if test $skip = 1; set skip 0; continue; end
    if contains -- $word ${valued}; set skip 1; continue; end
    string match -q -- '-*' $word; and continue
    contains -- (string join _ $path $word) ${commandWords(nodes).join(" ")}; and set -a path $word
  end
  test "$path" = "$argv[1]"
end
complete -c outrigger -f
${lines.join("\n")}
`;
}

/** Every command as one word, `plugin_build`, so that a shell can look it up. */
function commandWords(nodes: readonly CompletionNode[]): readonly string[] {
  return nodes.flatMap(({ words }) => (words === "" ? [] : [words.replaceAll(" ", "_")]));
}

/** Options whose value is one of few; the same option has the same choices everywhere. */
function choicesOf(nodes: readonly CompletionNode[]): ReadonlyMap<string, readonly string[]> {
  const all = nodes.flatMap(({ options }) => options.filter(({ choices }) => choices.length > 0));
  return new Map(all.map((option) => [flags(option).replace(" ", "|"), option.choices]));
}

function valuedOptions(nodes: readonly CompletionNode[]): ReadonlySet<string> {
  return new Set(
    nodes.flatMap(({ options }) => options.filter(({ takesValue }) => takesValue).flatMap((option) => flags(option).split(" "))),
  );
}
