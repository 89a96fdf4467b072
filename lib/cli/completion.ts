import { parse } from './arguments.js';
import { EXIT, UsageError } from './exit.js';
import { COMMAND_NAMES, help, optionsOf } from './help.js';

const SHELLS: Readonly<Record<string, () => string>> = { bash, zsh, fish };

export async function run(args: readonly string[]): Promise<number> {
  const { positionals } = parse(args, {}, true);
  const [shell, ...more] = positionals;
  const write = shell !== undefined && Object.hasOwn(SHELLS, shell) ? SHELLS[shell] : undefined;
  if (write === undefined || more.length > 0)
    throw new UsageError(
      `completion takes a shell, got ${shell === undefined ? 'none' : `"${positionals.join(' ')}"`}`,
      'write bash, zsh or fish',
    );
  process.stdout.write(write());
  return EXIT.ok;
}

/** Words that are no options. */
const SUBCOMMANDS: Readonly<Record<string, readonly string[]>> = {
  graph: ['blast', 'network'],
  rotate: ['status', 'start', 'continue', 'complete'],
};

/** The words that can follow each command, from the text of its help, so that none is forgotten. */
const wordsOf = (command: string): readonly string[] =>
  command === 'help'
    ? COMMAND_NAMES
    : command === 'completion'
      ? Object.keys(SHELLS)
      : [...optionsOf(command), ...(SUBCOMMANDS[command] ?? [])];

const cases = (): string => COMMAND_NAMES.map(command => `    ${command}) words='${wordsOf(command).join(' ')}' ;;`).join('\n');

function bash(): string {
  return `# bash completion of sentinel-mtls: eval "$(sentinel-mtls completion bash)"
_sentinel_mtls() {
  local words='${COMMAND_NAMES.join(' ')}' current=\${COMP_WORDS[COMP_CWORD]}
  if [ "$COMP_CWORD" -gt 1 ]; then
    case \${COMP_WORDS[1]} in
${cases()}
    *) words='' ;;
    esac
  fi
  COMPREPLY=($(compgen -W "$words" -- "$current"))
}
complete -o default -F _sentinel_mtls sentinel-mtls
`;
}

function zsh(): string {
  return `#compdef sentinel-mtls
# zsh completion of sentinel-mtls: eval "$(sentinel-mtls completion zsh)"
_sentinel_mtls() {
  local words='${COMMAND_NAMES.join(' ')}' typed=\${(Q)\${(z)BUFFER}[2]}
  if (( CURRENT > 2 )); then
    case $typed in
${cases()}
    *) words='' ;;
    esac
  fi
  compadd -- \${=words}
  (( CURRENT > 2 )) && _files
}
compdef _sentinel_mtls sentinel-mtls
`;
}

function fish(): string {
  const commands = COMMAND_NAMES.map(command => `complete -c sentinel-mtls -n __fish_use_subcommand -a ${command} -d '${title(command)}'`);
  const options = COMMAND_NAMES.flatMap(command =>
    wordsOf(command).map(word => {
      const what = word.startsWith('--') ? `-l ${word.slice(2)}` : word.startsWith('-') ? `-s ${word.slice(1)}` : `-a ${word}`;
      return `complete -c sentinel-mtls -n '__fish_seen_subcommand_from ${command}' ${what}`;
    }),
  );
  return `# fish completion of sentinel-mtls: sentinel-mtls completion fish | source\n${[...commands, ...options].join('\n')}\n`;
}

/** The command's line of the overview. */
function title(command: string): string {
  const line = help(undefined)
    .split('\n')
    .find(each => each.trim().startsWith(`${command} `));
  return (
    line
      ?.trim()
      .split(/\s{2,}/)
      .at(-1) ?? ''
  ).replaceAll("'", "\\'");
}
