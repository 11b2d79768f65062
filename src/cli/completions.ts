// Scripts that teach shells the commands and options, made from the tables.

import { LOG_LEVELS } from "../ui/terminal.ts";
import { type Command, type CommandName, COMMANDS } from "./commands.ts";
import { didYouMean } from "./did_you_mean.ts";
import { type Option, optionsOf, spellings } from "./options.ts";
import { usageError } from "../base/errors.ts";

/** The shells, with what makes their script. */
const SHELLS: Readonly<Record<string, () => string[]>> = { bash, zsh, fish };

/** What a word may be: a file, one of some words, or anything. */
type Words = "files" | "anything" | readonly string[];

/** The script's lines. @throws {UserError} for a shell that is not known. */
export function completionScript(shell = ""): string[] {
  const script = Object.hasOwn(SHELLS, shell) ? SHELLS[shell] : undefined;
  if (script !== undefined) return script();
  const names = Object.keys(SHELLS);
  const meant = didYouMean(shell, names);
  throw usageError(
    `unknown shell "${shell}"`,
    meant === undefined ? `there are ${names.join(", ")}` : `did you mean ${meant}?`,
  );
}

function bash(): string[] {
  const commands = COMMANDS;
  const valued = uniqueOptions().filter((option) => option.placeholder !== undefined);
  return [
    "# Completion of blkcache for bash.",
    "_blkcache() {",
    '  local current="${COMP_WORDS[COMP_CWORD]}" previous="${COMP_WORDS[COMP_CWORD-1]}" command= word',
    "  COMPREPLY=()",
    '  for word in "${COMP_WORDS[@]:1:COMP_CWORD-1}"; do',
    `    case $word in ${commands.map(({ name }) => name).join("|")}) command=$word; break;; esac`,
    "  done",
    "  case $previous in",
    ...valued.map((option) => `    --${option.name}) ${bashWords(valuesOf(option))}; return;;`),
    "  esac",
    '  case "$command:$current" in',
    `    :*) ${bashWords([...commands.map(({ name }) => name), "--help", "--version"])};;`,
    ...commands.flatMap((command) => [
      `    ${command.name}:-*) ${bashWords(flagsOf(command.name))};;`,
      `    ${command.name}:*) ${bashWords(operandsOf(command))};;`,
    ]),
    "  esac",
    "}",
    "complete -o filenames -F _blkcache blkcache",
  ];
}

function bashWords(words: Words): string {
  if (words === "anything") return ":";
  const list = words === "files" ? "-f" : `-W "${words.join(" ")}"`;
  return `mapfile -t COMPREPLY < <(compgen ${list} -- "$current")`;
}

function zsh(): string[] {
  const commands = COMMANDS;
  return [
    "#compdef blkcache",
    "# Completion of blkcache for zsh.",
    "_blkcache() {",
    "  local -a commands",
    `  commands=(${
      commands.map(({ name, summary }) => zshQuoted(`${name}:${summary}`)).join(" ")
    })`,
    "  if (( CURRENT == 2 )); then",
    "    _describe command commands",
    "    return",
    "  fi",
    "  local command=$words[2]",
    "  shift words; (( CURRENT-- ))",
    "  case $command in",
    ...commands.flatMap((command) => [
      `    ${command.name})`,
      `      _arguments -S ${
        [
          ...optionsOf(command.name).flatMap(zshOption),
          `*:operand:${zshAction(operandsOf(command))}`,
        ]
          .map((spec) => zshQuoted(spec)).join(" ")
      };;`,
    ]),
    "  esac",
    "}",
    'if [ "$funcstack[1]" = "_blkcache" ]; then _blkcache "$@"; else compdef _blkcache blkcache; fi',
  ];
}

function zshOption(option: Option): string[] {
  const help = option.help.replaceAll(/[[\]:]/g, (character) => `\\${character}`);
  const value = option.placeholder === undefined
    ? ""
    : `:${option.placeholder.replaceAll(":", "\\:")}:${zshAction(valuesOf(option))}`;
  const often = option.repeatable ? "*" : "";
  return spellings(option).map((name) => `${often}--${name}[${help}]${value}`);
}

function zshAction(words: Words): string {
  if (words === "anything") return " ";
  return words === "files" ? "_files" : `(${words.join(" ")})`;
}

function fish(): string[] {
  const commands = COMMANDS;
  const names = commands.map(({ name }) => name).join(" ");
  return [
    "# Completion of blkcache for fish.",
    "complete -c blkcache -f",
    ...commands.map(({ name, summary }) =>
      `complete -c blkcache -n "not __fish_seen_subcommand_from ${names}" -a ${name} -d ${
        fishQuoted(summary)
      }`
    ),
    ...commands.flatMap((command) => {
      const condition = `complete -c blkcache -n "__fish_seen_subcommand_from ${command.name}"`;
      return [
        `${condition} ${fishWords(operandsOf(command))}`,
        ...optionsOf(command.name).flatMap((option) =>
          spellings(option).map((name) => {
            const value = option.placeholder === undefined
              ? ""
              : ` -r ${fishWords(valuesOf(option))}`;
            return `${condition} -l ${name}${value} -d ${fishQuoted(option.help)}`;
          })
        ),
      ];
    }),
  ];
}

function fishWords(words: Words): string {
  if (words === "anything") return "-f";
  return words === "files" ? "-F" : `-f -a "${words.join(" ")}"`;
}

/** The options of all commands, each once. */
function uniqueOptions(): Option[] {
  return [...new Set(COMMANDS.flatMap(({ name }) => optionsOf(name)))];
}

function flagsOf(command: CommandName): string[] {
  return optionsOf(command).flatMap((option) => spellings(option).map((name) => `--${name}`));
}

function valuesOf(option: Option): Words {
  if (option.kind === "level") return LOG_LEVELS;
  return option.kind === "path" ? "files" : "anything";
}

function operandsOf({ operands }: Command): Words {
  const [first] = operands;
  if (first?.name === "SHELL") return Object.keys(SHELLS);
  if (first?.name === "COMMAND") return COMMANDS.map(({ name }) => name);
  return "files";
}

function zshQuoted(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`;
}

function fishQuoted(text: string): string {
  return `'${text.replaceAll("\\", "\\\\").replaceAll("'", "\\'")}'`;
}
