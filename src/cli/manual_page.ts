// The manual page, made from the tables: `blkcache help --man`. In the macros of man(7).

import { EVENT_TEXTS } from "../ui/event_record.ts";
import { type Command, COMMANDS, operandsUsage } from "./commands.ts";
import { EXIT_CODES } from "../base/exit_codes.ts";
import { optionText, optionUsage } from "./help.ts";
import { GROUPS, type Option, optionsOf } from "./options.ts";
import { versionLine } from "./version.ts";

const FILES: readonly (readonly [path: string, what: string])[] = [
  [
    "IMAGE",
    "The bytes of the device, each at its offset; sparse. Only areas that are finished in the mapfile are data.",
  ],
  [
    "IMAGE.map",
    "GNU ddrescue mapfile: finished, bad and missing areas. .bak is the previous one.",
  ],
  [
    "IMAGE.json",
    "Identity of the device, so that blkcache never mixes another one into the image.",
  ],
  [
    "/run/blkcache/NAME.sock",
    "The Unix socket, for root; else under $XDG_RUNTIME_DIR or ~/.cache.",
  ],
];
const SIGNALS: readonly (readonly [name: string, what: string])[] = [
  [
    "SIGINT, SIGTERM, SIGHUP",
    "Saves, answers or refuses the requests in flight, and ends. A second SIGINT ends at once. " +
    "blkcache ignores SIGHUP under nohup(1).",
  ],
  ["SIGUSR1", "Prints the status."],
];

/** The lines of the page. */
export function manualPage(): string[] {
  const commands: readonly Command[] = COMMANDS;
  return [
    `.TH BLKCACHE 1 "" "${quoted(versionLine().split(" (")[0])}" "User Commands"`,
    ".SH NAME",
    "blkcache \\- caching NBD server for failing, slow and removable devices",
    ".SH SYNOPSIS",
    ...commands.flatMap((command, index) => [...index > 0 ? [".br"] : [], usageOf(command)]),
    ".SH DESCRIPTION",
    "Reads each sector of a failing, slow or removable device at most once, keeps it in a plain image, and " +
    "lets every tool use the device meanwhile. It records the state of each area in a GNU ddrescue mapfile: " +
    "stop at any time, resume later with blkcache or with ddrescue.",
    ".SH COMMANDS",
    ...commands.flatMap(commandSection),
    ".SH EXIT STATUS",
    ...definitions(EXIT_CODES.map(([codes, meaning]) => [codes.join(", "), `${meaning}.`])),
    ".SH FILES",
    ...definitions(FILES),
    ".SH EVENTS",
    "With --json blkcache prints one JSON object a line on stdout; scripts should ignore keys and events " +
    "that they do not know. Sizes and offsets are bytes.",
    ...definitions(Object.entries(EVENT_TEXTS).map(([event, text]) => [event, `${text}.`])),
    ".SH SIGNALS",
    ...definitions(SIGNALS),
    ".SH SEE ALSO",
    [["ddrescue", 1], ["nbdcopy", 1], ["nbdinfo", 1], ["nbd-client", 8], ["qemu-img", 1]]
      .map(([name, section]) => `\\fB${escaped(String(name))}\\fR(${section})`).join(", "),
  ].map(spaced);
}

function commandSection(
  command: Command & { name: typeof COMMANDS[number]["name"] } | Command,
): string[] {
  const options = optionsOf(command.name as typeof COMMANDS[number]["name"]);
  const groups = Object.keys(GROUPS) as (keyof typeof GROUPS)[];
  return [
    `.SS ${escaped(command.name)}`,
    usageOf(command),
    ...command.about.flatMap((paragraph) => [".PP", escaped(paragraph)]),
    ...groups.flatMap((group) => {
      const members = options.filter((option) => option.group === group);
      if (members.length === 0) return [];
      return [".PP", `${escaped(GROUPS[group])}:`, ...members.flatMap(optionEntry)];
    }),
    ".PP",
    "Examples:",
    ".PP",
    ".nf",
    ...command.examples.map((example) => `.RS 4\n${escaped(example)}\n.RE`),
    ".fi",
  ].flatMap((line) => line.split("\n"));
}

function usageOf(command: Command): string {
  const words = ["blkcache", command.name].map((word) => `\\fB${escaped(word)}\\fR`);
  return [...words, "[\\fIOPTION\\fR...]", escaped(operandsUsage(command))].join(" ").trim();
}

function optionEntry(option: Option): string[] {
  return definitions([[optionUsage(option), `${optionText(option)}.`]]);
}

function definitions(pairs: readonly (readonly [term: string, text: string])[]): string[] {
  return pairs.flatMap(([term, text]) => [".TP", `\\fB${escaped(term)}\\fR`, escaped(text)]);
}

/** Text in which roff finds nothing to do. */
function escaped(text: string): string {
  return text.replaceAll("\\", "\\e").replaceAll("-", "\\-").replace(/^([.'])/, "\\&$1");
}

/** Inside the quotes of a macro's argument. */
function quoted(text: string): string {
  return escaped(text).replaceAll('"', "\\(dq");
}

/** No line is empty: that would be a paragraph of its own. */
function spaced(line: string): string {
  return line === "" ? ".PP" : line;
}
