// Checks the command line. The result is a request, or an error of one sentence.
// Nothing is read or created here.

import { parseArgs } from "@std/cli/parse-args";
import { statPathIfThere } from "../host/path_stat.ts";
import { type CommandName, COMMANDS, findCommand, operandsUsage } from "./commands.ts";
import { didYouMean } from "./did_you_mean.ts";
import { parseOptionValue } from "./option_value.ts";
import { type Option, OPTIONS, type OptionValues, spellings } from "./options.ts";
import { usageError } from "../base/errors.ts";

/** What a command line asks for. */
export type Request =
  | { kind: "help"; topic: CommandName | undefined }
  | { kind: "manual" }
  | { kind: "version" }
  | { kind: "run"; command: CommandName; operands: readonly string[]; values: OptionValues };

/** Spelling (`direct`, `no-direct`) to the values written for it, in order; flags have "". */
type Given = ReadonlyMap<string, readonly string[]>;

const ROWS: readonly Option[] = OPTIONS;
const SPELLINGS = new Map(
  ROWS.flatMap((row) => spellings(row).map((name) => [name, row] as const)),
);

/** @throws {UserError} (exit code 2) for everything that is not understood without guessing. */
export function parseArguments(args: readonly string[]): Request {
  const { given, words } = split(args);
  const [first, ...operands] = withCommand(words);
  if (given.has("version")) return { kind: "version" };
  if (given.has("help")) return helpRequest(first === "help" ? operands[0] : first);
  if (first === undefined) {
    throw usageError("no command is given", "blkcache serve DEVICE", "blkcache --help");
  }
  const command = commandNamed(first);
  for (const name of given.keys()) checkOption(name, command);
  checkOperands(command, operands);
  const values = optionValues(given);
  checkContradictions(given, values);
  if (command === "help") return values.man ? { kind: "manual" } : helpRequest(operands[0]);
  return { kind: "run", command, operands, values };
}

/** `blkcache DEVICE FILE` is `blkcache mount DEVICE FILE`, as it has always been. */
function withCommand(words: readonly string[]): readonly string[] {
  const [first = ""] = words;
  if (words.length !== 2 || findCommand(first) !== undefined || !isPath(first)) return words;
  return ["mount", ...words];
}

/** A mistyped command is none. */
function isPath(word: string): boolean {
  return word.includes("/") || word !== "" && statPathIfThere(word) !== undefined;
}

/** Takes the arguments apart; only here is the standard parser at work. */
function split(args: readonly string[]): { given: Given; words: readonly string[] } {
  const valued = [...SPELLINGS].filter(([, row]) => takesValue(row)).map(([name]) => name);
  const bare = [...SPELLINGS].filter(([, row]) => !takesValue(row)).map(([name]) => name);
  const parsed: Record<string, unknown> = parseArgs(spellOut(args), {
    string: [...valued, "_"],
    boolean: bare,
    collect: [...valued, ...bare],
    unknown: (arg: string, key?: string) => {
      if (key !== undefined) throw unknownOption(arg);
    },
  });
  const given = new Map<string, readonly string[]>();
  for (const name of SPELLINGS.keys()) {
    const values = parsed[name] as unknown[] | undefined;
    if (values?.length) given.set(name, values.map((value) => value === true ? "" : String(value)));
  }
  return { given, words: parsed["_"] as string[] };
}

/**
 * The same arguments in the one form that leaves the standard parser nothing to guess: options first, as
 * `--NAME` or `--NAME=VALUE`, then `--`, then the operands.
 */
function spellOut(args: readonly string[]): string[] {
  const options: string[] = [];
  const operands: string[] = [];
  for (let i = 0; i < args.length; i++) {
    const arg = args[i];
    if (arg === "--") {
      operands.push(...args.slice(i + 1));
      break;
    }
    if (!isOption(arg)) {
      operands.push(arg);
      continue;
    }
    const [, name = "", value] = /^--([^=]+)(?:=(.*))?$/s.exec(arg) ?? [];
    const row = SPELLINGS.get(name) ?? ROWS.find(({ alias }) => alias && arg === `-${alias}`);
    if (row === undefined) {
      options.push(arg);
    } else if (!takesValue(row)) {
      if (value !== undefined) throw usageError(`--${name} takes no value`, `--${name}`);
      options.push(`--${name || row.name}`);
    } else if (value !== undefined) {
      options.push(arg);
    } else {
      const next = args[++i];
      if (next === undefined || isOption(next)) throw missingValue(row, next);
      options.push(`--${row.name}=${next}`);
    }
  }
  return [...options, "--", ...operands];
}

function isOption(arg: string): boolean {
  return arg.startsWith("-") && arg !== "-";
}

function takesValue(row: Option): boolean {
  return row.kind !== "flag" && row.kind !== "switch";
}

function missingValue(row: Option, next: string | undefined): Error {
  const hints = [`--${row.name} ${row.placeholder}`];
  if (next !== undefined && next !== "--" && !SPELLINGS.has(next.replace(/^--|=.*$/gs, ""))) {
    hints.push(`a value that begins with "-" is written --${row.name}=${next}`);
  }
  return usageError(`--${row.name} needs a value`, ...hints);
}

function unknownOption(arg: string): Error {
  const [written = arg] = arg.split("=");
  const meant = didYouMean(written.replace(/^-+/, ""), [...SPELLINGS.keys()]);
  return usageError(
    `unknown option ${written}`,
    meant === undefined ? "blkcache --help" : `did you mean --${meant}?`,
  );
}

function commandNamed(word: string): CommandName {
  const command = findCommand(word);
  if (command === undefined) {
    const meant = didYouMean(word, COMMANDS.map(({ name }) => name));
    if (meant !== undefined) {
      throw usageError(`unknown command "${word}"`, `did you mean ${meant}?`);
    }
    const hint = word.includes("/") ? `blkcache serve ${word}` : "blkcache --help";
    throw usageError(`unknown command "${word}"`, hint);
  }
  return command.name;
}

function helpRequest(topic: string | undefined): Request {
  const named = topic === undefined ? undefined : commandNamed(topic);
  return { kind: "help", topic: named === "help" ? undefined : named };
}

function checkOption(name: string, command: CommandName): void {
  const row = SPELLINGS.get(name)!;
  if (!row.commands.includes(command)) {
    throw usageError(`${command} has no option --${name}`, `blkcache help ${command}`);
  }
}

function checkOperands(command: CommandName, operands: readonly string[]): void {
  const row = findCommand(command)!;
  const usage = `blkcache ${command} ${operandsUsage(row)}`;
  const missing = row.operands[operands.length];
  if (missing?.required) throw usageError(`${command} needs a ${missing.name}`, usage);
  if (operands.length > row.operands.length && !row.operands.at(-1)?.repeatable) {
    throw usageError(`"${operands[row.operands.length]}" is one operand too many`, usage);
  }
  operands.forEach((operand, i) => {
    const { name } = row.operands[i] ?? row.operands.at(-1)!;
    if (operand === "") throw usageError(`${name} is empty`, usage);
  });
}

function optionValues(given: Given): OptionValues {
  const values: Record<string, unknown> = {};
  for (const row of ROWS) {
    const written = spellings(row).flatMap((name) =>
      given.get(name)?.map((text) => row.kind === "switch" ? name : text) ?? []
    );
    if (row.kind === "switch" && new Set(written).size === 2) {
      throw usageError(`--${row.name} and --no-${row.name} contradict each other`, "give one");
    }
    if (written.length > 1 && !row.repeatable) {
      throw usageError(`--${written[0] === `no-${row.name}` ? written[0] : row.name} is repeated`);
    }
    if (written.length === 0 && row.default !== undefined) written.push(row.default);
    const parsed = written.map((text) => parseOptionValue(row, text));
    values[row.name] = row.repeatable ? parsed : parsed[0];
  }
  return values as OptionValues;
}

function checkContradictions(given: Given, values: OptionValues): void {
  const level = values["log-level"];
  if (values.quiet && given.has("log-level") && level !== "error") {
    throw usageError(`--quiet and --log-level ${level} contradict each other`, "give one");
  }
  if (values["loose-domain"] && values.domain === undefined) {
    throw usageError("--loose-domain does nothing without --domain", "add --domain MAPFILE");
  }
  if (values.offline) {
    // --force also makes blkcache accept the overlay of another device.
    const isExcluded = ({ name, needs }: Option) =>
      needs === "device" && (name !== "force" || values.overlay === undefined);
    const other = [...given.keys()].find((name) => isExcluded(SPELLINGS.get(name)!));
    if (other !== undefined) {
      throw usageError(
        `--offline and --${other} contradict each other`,
        "offline nothing is read from a device, and nothing of the image is changed",
      );
    }
  }
  const addresses = values.listen.map(({ host, port }) => `${host} ${port}`);
  values.listen.forEach(({ port }, i) => {
    if (port !== 0 && addresses.indexOf(addresses[i]) !== i) {
      throw usageError(`--listen ${given.get("listen")![i]} is repeated`);
    }
  });
}
