// The help screens, made from the tables.

import { wrapText } from "../ui/text_layout.ts";
import { type Command, type CommandName, COMMANDS, operandsUsage } from "./commands.ts";
import { EXIT_CODES } from "../base/exit_codes.ts";
import { GROUPS, type Option, optionsOf } from "./options.ts";

const WIDTH = 80;
const SIZES =
  "Sizes are as in ddrescue: k is 1000, Ki 1024, M 10^6, Mi 2^20 and so on, s sectors of the device.";
const INDENT = "  ";
/** Where the text beside an option begins. */
const HELP_COLUMN = 28;

/** The screen of `--help`: fits 24 lines of 80 columns. */
export function overview(): string[] {
  const rows: readonly Command[] = COMMANDS;
  const commands = rows.map((command): [string, string] => [
    `blkcache ${command.name} ${operandsUsage(command)}`,
    command.summary,
  ]);
  const usage = [...commands, ["blkcache --version", "show the version"] as [string, string]];
  const width = Math.max(...usage.map(([text]) => text.length)) + 3;
  return [
    "Caching NBD server for failing, slow and removable devices: reads each sector",
    "at most once, keeps it in an image, and remembers what is missing in a GNU",
    "ddrescue mapfile. It writes nothing to the device unless you ask for it.",
    "",
    ...usage.map(([text, help]) => `${INDENT}${text.padEnd(width)}${help}`),
    "",
    "Example: rescue a disc and use it meanwhile; Ctrl-C stops, the same resumes",
    "",
    `${INDENT}blkcache serve /dev/sr0 disc.img`,
    "",
    ...wrapText(`Exit codes: ${EXIT_CODES.map(codeText).join("; ")}`, WIDTH),
    "",
    "blkcache help serve shows every option of serve.",
  ];
}

/** The screen of `help COMMAND`: usage, what it does, and every option by group. */
export function commandHelp(name: CommandName): string[] {
  const command: Command = COMMANDS.find((row) => row.name === name)!;
  const options = optionsOf(name);
  const groups = Object.entries(GROUPS).map(([group, title]) => ({
    title,
    options: options.filter((option) => option.group === group),
  }));
  return [
    `Usage: blkcache ${name} [OPTION...] ${operandsUsage(command)}`,
    ...command.about.flatMap((paragraph) => ["", ...wrapText(paragraph, WIDTH)]),
    ...groups.filter((group) => group.options.length > 0).flatMap((group) => [
      "",
      `${group.title}:`,
      ...group.options.flatMap(optionHelp),
    ]),
    ...options.some(({ kind }) => kind === "size") ? ["", ...wrapText(SIZES, WIDTH)] : [],
    ...options.some(({ name }) => name === "exit-when-complete") ? exitCodesHelp() : [],
    "",
    "Examples:",
    ...command.examples.map((example) => `${INDENT}${example}`),
  ];
}

/** `-q, --quiet` or `--map FILE`: an option as help and manual show it. */
export function optionUsage(option: Option): string {
  const name = option.kind === "switch" ? `[no-]${option.name}` : option.name;
  const usage = option.placeholder === undefined ? `--${name}` : `--${name} ${option.placeholder}`;
  return option.alias === undefined ? usage : `-${option.alias}, ${usage}`;
}

/** The help line of an option, with its default. */
export function optionText(option: Option): string {
  if (option.default === undefined) return option.help;
  return `${option.help} (default: ${option.default === "" ? '""' : option.default})`;
}

function optionHelp(option: Option): string[] {
  const usage = `${INDENT}${optionUsage(option)}`;
  const lines = wrapText(optionText(option), WIDTH - HELP_COLUMN);
  const indent = " ".repeat(HELP_COLUMN);
  const isShort = usage.length + 2 <= HELP_COLUMN;
  const first = isShort ? [usage.padEnd(HELP_COLUMN) + lines.shift()] : [usage];
  return [...first, ...lines.map((line) => indent + line)];
}

function exitCodesHelp(): string[] {
  const rows = EXIT_CODES.map(([codes, meaning]) => [codes.join(", "), meaning]);
  const width = Math.max(...rows.map(([codes]) => codes!.length)) + 2 * INDENT.length;
  return [
    "",
    "Exit codes:",
    ...rows.flatMap(([codes, meaning]) =>
      wrapText(meaning!, WIDTH - width).map((line, index) =>
        (index === 0 ? `${INDENT}${codes}` : "").padEnd(width) + line
      )
    ),
  ];
}

function codeText([codes, meaning]: typeof EXIT_CODES[number]): string {
  return `${codes.join(", ")} ${meaning}`;
}
