// The table of options, one table and so one long file. The parser, its types, the help screens, the manual, the completions and "did you mean"
// derive from it. A new option also needs a row in README and the code that acts on it (serve_request.ts).

import type { WrittenSize } from "../base/sizes.ts";
import type { LogLevel } from "../ui/terminal.ts";
import { MAX_READ_AHEAD } from "../server/serve_options.ts";
import type { CommandName } from "./commands.ts";
import type { ListenAddress } from "./listen_address.ts";

/** What each kind of option is after parsing. */
export interface ValueOf {
  flag: true;
  /** `--NAME` or `--no-NAME`. */
  switch: boolean;
  path: string;
  text: string;
  size: WrittenSize;
  /** A size that cannot be in sectors. */
  bytes: number;
  seconds: number;
  hours: number;
  /** A rest after errors, or a limit of temperature. */
  cooldown: { readonly seconds?: number; readonly celsius?: number };
  command: string;
  /** Seconds; 0, or "never": without an end. */
  patience: number;
  count: number;
  address: ListenAddress;
  level: LogLevel;
}

/** One row of the table. */
export interface Option {
  readonly name: string;
  /** One letter: `-h`. */
  readonly alias?: string;
  readonly kind: keyof ValueOf;
  /** What the help shows for the value. */
  readonly placeholder?: string;
  /** As a user would write it; parsed like a given value. */
  readonly default?: string;
  /** Least and most of a number, in its unit. */
  readonly min?: number;
  readonly max?: number;
  readonly powerOfTwo?: true;
  readonly repeatable?: true;
  /** "device": the option has no meaning with --offline, or would change the image; "fill": none without --fill. */
  readonly needs?: "device" | "fill";
  /** For the help: lower case, no full stop; the default is added by itself. */
  readonly help: string;
  readonly commands: readonly CommandName[];
  readonly group: keyof typeof GROUPS;
}

/** Headings of the help, in its order. */
export const GROUPS = {
  clients: "Clients",
  device: "Device",
  writes: "Writes",
  fill: "Fill",
  domain: "Domain",
  cache: "Image and map",
  picture: "Picture",
  messages: "Messages",
} as const;

const ALL = ["serve", "mount", "detect", "map", "completions", "help"] as const;

/** Every option, in the order of the help. */
export const OPTIONS = [
  {
    name: "socket",
    kind: "path",
    placeholder: "PATH",
    help: "Unix socket to listen on (default: /run/blkcache/NAME.sock as root, else under " +
      "$XDG_RUNTIME_DIR or ~/.cache)",
    commands: ["serve", "mount"],
    group: "clients",
  },
  {
    name: "listen",
    kind: "address",
    placeholder: "[HOST:]PORT",
    repeatable: true,
    help: "listen on TCP as well; HOST is an address, by default 127.0.0.1; may be repeated",
    commands: ["serve", "mount"],
    group: "clients",
  },
  {
    name: "http",
    kind: "address",
    placeholder: "[HOST:]PORT",
    help: "show the run on a live page in the browser; HOST is 127.0.0.1 by default, or " +
      "localhost, ::1, 0.0.0.0 or ::; clients that reach it see the map, never the data",
    commands: ["serve", "mount"],
    group: "clients",
  },
  {
    name: "export",
    kind: "text",
    placeholder: "NAME",
    default: "",
    help: "export name that clients must ask for",
    commands: ["serve", "mount"],
    group: "clients",
  },
  {
    name: "max-clients",
    kind: "count",
    placeholder: "N",
    default: "64",
    min: 1,
    max: 256,
    help: "limit on simultaneous clients, for TCP and for the Unix socket each",
    commands: ["serve", "mount"],
    group: "clients",
  },
  {
    name: "exit-with-parent",
    kind: "flag",
    help: "save the map and end when the program that started blkcache ends",
    commands: ["serve", "mount"],
    group: "clients",
  },
  {
    name: "timeout",
    kind: "seconds",
    placeholder: "SECONDS",
    default: "60",
    min: 0,
    max: 1_000_000,
    help: "answer a read with an error after this time while the attempt goes on; 0: wait " +
      "for ever",
    commands: ["serve", "mount"],
    group: "clients",
  },
  {
    name: "give-up-after",
    kind: "patience",
    placeholder: "SECONDS",
    min: 0,
    max: 31_536_000,
    help: "exit when the device has not answered for this long (code 4), or with " +
      "--exit-when-complete a medium has not come back (code 4) or the image has had no room " +
      "(code 5); 0 or never: keep waiting " +
      "(default: 600 with --exit-when-complete, never without)",
    commands: ["serve", "mount"],
    group: "device",
  },
  {
    name: "on-stall",
    kind: "command",
    placeholder: "COMMAND",
    help:
      "run COMMAND with /bin/sh when the device has stopped answering or has vanished, at most " +
      "every 30 s; it finds DEVICE, SERIAL, BUS_PATH (USB port or host) and STALL_COUNT in its " +
      "environment",
    commands: ["serve", "mount"],
    group: "device",
  },
  {
    name: "max-hours",
    kind: "hours",
    placeholder: "N",
    min: 0.001,
    max: 87_600,
    help: "end the run in order after N hours (code 6); the same command resumes",
    commands: ["serve", "mount"],
    group: "device",
  },
  {
    name: "mount",
    kind: "path",
    placeholder: "FILE",
    help: "also show the device as the plain file FILE (FUSE)",
    commands: ["serve"],
    group: "clients",
  },
  {
    name: "attach",
    kind: "path",
    placeholder: "/dev/nbdN",
    help: "also attach the device to the kernel as /dev/nbdN, with its partitions (root)",
    commands: ["serve"],
    group: "clients",
  },
  {
    name: "direct",
    kind: "switch",
    needs: "device",
    help: "read past the page cache with O_DIRECT (default: on for devices, off for regular files)",
    commands: ["serve", "mount"],
    group: "device",
  },
  {
    name: "block-size",
    kind: "bytes",
    placeholder: "N",
    min: 512,
    max: 65536,
    powerOfTwo: true,
    help: "sector size, for a device that misreports it (default: ask the device)",
    commands: ["serve", "mount"],
    group: "device",
  },
  {
    name: "read-ahead",
    kind: "size",
    needs: "device",
    placeholder: "N",
    default: "1Mi",
    min: 0,
    max: MAX_READ_AHEAD,
    help: "limit on bytes read beyond a sequential request; 0: read exactly the request",
    commands: ["serve", "mount"],
    group: "device",
  },
  {
    name: "retries",
    kind: "count",
    needs: "device",
    placeholder: "N",
    default: "0",
    min: 0,
    max: 1000,
    help: "read a bad sector again up to N times when a client asks for it, and let --fill " +
      "read all bad sectors again N times",
    commands: ["serve", "mount"],
    group: "device",
  },
  {
    name: "once",
    kind: "flag",
    needs: "device",
    help: "exit when the disc leaves (default: wait for the next one)",
    commands: ["serve", "mount"],
    group: "device",
  },
  {
    name: "speed",
    kind: "count",
    needs: "device",
    placeholder: "N",
    min: 1,
    max: 1000,
    help: "reading speed of an optical drive, in multiples of the disc's 1x; a slower drive " +
      "reads more of a bad disc (default: the drive's choice)",
    commands: ["serve", "mount"],
    group: "device",
  },
  {
    name: "offline",
    kind: "flag",
    help: "serve an image without its device: DEVICE is then the IMAGE, which is not " +
      "changed; areas that it lacks are errors",
    commands: ["serve", "mount"],
    group: "device",
  },
  {
    name: "write-through",
    kind: "flag",
    needs: "device",
    help: "accept writes and pass them to the device and to the image",
    commands: ["serve"],
    group: "writes",
  },
  {
    name: "overlay",
    kind: "path",
    placeholder: "FILE",
    help: "accept writes into FILE and keep them for the next start; device and image stay " +
      "untouched",
    commands: ["serve"],
    group: "writes",
  },
  {
    name: "try-again",
    kind: "flag",
    needs: "device",
    help: "treat unreadable areas as not tried yet: for another drive, or another copy of " +
      "the same disc",
    commands: ["serve", "mount"],
    group: "device",
  },
  {
    name: "fill",
    kind: "flag",
    needs: "device",
    help: "while no client reads, read the areas that are missing, in ddrescue's order: easy " +
      "areas first",
    commands: ["serve", "mount"],
    group: "fill",
  },
  {
    name: "exit-when-complete",
    kind: "flag",
    needs: "fill",
    help: "stop when nothing more can be read; exit code 0 only if everything (with " +
      "--domain: all of the domain) is read and saved, 3 if some of it is unreadable",
    commands: ["serve", "mount"],
    group: "fill",
  },
  {
    name: "rate",
    kind: "size",
    needs: "fill",
    placeholder: "BYTES",
    min: 512,
    help: "limit on bytes read per second by --fill",
    commands: ["serve", "mount"],
    group: "fill",
  },
  {
    name: "max-read-rate",
    kind: "size",
    needs: "fill",
    placeholder: "BYTES",
    min: 512,
    help: "limit on bytes read per second, client reads included; only --fill is slowed down",
    commands: ["serve", "mount"],
    group: "fill",
  },
  {
    name: "min-read-rate",
    kind: "size",
    needs: "fill",
    placeholder: "BYTES",
    min: 1,
    help: "skip areas slower than this many bytes per second in the first pass (default: a " +
      "tenth of the average)",
    commands: ["serve", "mount"],
    group: "fill",
  },
  {
    name: "pause-on-error",
    kind: "seconds",
    needs: "fill",
    placeholder: "SECONDS",
    min: 0,
    max: 86_400,
    help: "rest after each failed read of --fill",
    commands: ["serve", "mount"],
    group: "fill",
  },
  {
    name: "cooldown",
    kind: "cooldown",
    needs: "fill",
    placeholder: "SECONDS",
    min: 0,
    max: 86_400,
    help: "rest after each 32 failed reads of --fill; with C behind the number, as in 50C: pause " +
      "--fill while the drive is hotter than that, until it is 3 degrees cooler",
    commands: ["serve", "mount"],
    group: "fill",
  },
  {
    name: "max-errors",
    kind: "count",
    needs: "fill",
    placeholder: "N",
    min: 0,
    help: "end the fill when more than N of its reads have failed",
    commands: ["serve", "mount"],
    group: "fill",
  },
  {
    name: "max-error-rate",
    kind: "size",
    needs: "fill",
    placeholder: "BYTES",
    min: 1,
    help: "end the fill when more than this many bytes have failed in one second",
    commands: ["serve", "mount"],
    group: "fill",
  },
  {
    name: "verify",
    kind: "size",
    needs: "fill",
    placeholder: "BYTES",
    min: 0,
    help: "after the fill, re-read this many bytes as a sample and report differences; the " +
      "image stays as it is",
    commands: ["serve", "mount"],
    group: "fill",
  },
  {
    name: "domain",
    kind: "path",
    needs: "fill",
    placeholder: "MAPFILE",
    help: "restrict to the areas marked finished (+) in MAPFILE, as ddrescue's option does; " +
      "areas past the end of the device are ignored; - reads standard input",
    commands: ["serve", "mount", "map"],
    group: "domain",
  },
  {
    name: "loose-domain",
    kind: "flag",
    needs: "fill",
    help: "accept gaps, overlaps and any order of the blocks in the mapfile of --domain, as " +
      "ddrescue's option does",
    commands: ["serve", "mount", "map"],
    group: "domain",
  },
  {
    name: "record-domain",
    kind: "path",
    placeholder: "MAPFILE",
    help: "record which areas clients read, for a later --domain",
    commands: ["serve", "mount"],
    group: "domain",
  },
  {
    name: "map",
    kind: "path",
    placeholder: "FILE",
    help: "the mapfile (default: IMAGE.map)",
    commands: ["serve", "mount"],
    group: "cache",
  },
  {
    name: "save-interval",
    kind: "seconds",
    needs: "device",
    placeholder: "SECONDS",
    default: "30",
    min: 0.1,
    max: 86_400,
    help: "longest time between saves of the map",
    commands: ["serve", "mount"],
    group: "cache",
  },
  {
    name: "keep-cache",
    kind: "switch",
    needs: "device",
    help: "keep (default) or delete image, map and sidecar at exit",
    commands: ["serve", "mount"],
    group: "cache",
  },
  {
    name: "force",
    kind: "flag",
    needs: "device",
    help: "use the image although blkcache cannot tell whether it is of this device, or " +
      "although the sizes differ; the image of another medium is refused all the same",
    commands: ["serve", "mount"],
    group: "cache",
  },
  {
    name: "svg",
    kind: "path",
    placeholder: "FILE",
    help: "also draw the map into FILE as SVG, with totals and a legend",
    commands: ["map"],
    group: "picture",
  },
  {
    name: "png",
    kind: "path",
    placeholder: "FILE",
    help: "also draw the map into FILE as PNG",
    commands: ["map"],
    group: "picture",
  },
  {
    name: "watch",
    kind: "flag",
    help: "follow a mapfile that ddrescue or blkcache is writing, until Ctrl-C",
    commands: ["map"],
    group: "picture",
  },
  {
    name: "man",
    kind: "flag",
    help: "print the manual page, for man(1)",
    commands: ["help"],
    group: "messages",
  },
  {
    name: "json",
    kind: "flag",
    help: "print events as JSON on stdout, one object a line, instead of sentences",
    commands: ["serve", "mount", "detect", "map"],
    group: "messages",
  },
  {
    name: "log-level",
    kind: "level",
    placeholder: "LEVEL",
    default: "info",
    help: "print messages from this level on: error, warning, info or debug",
    commands: ALL,
    group: "messages",
  },
  {
    name: "quiet",
    alias: "q",
    kind: "flag",
    help: "print errors only; the ready line stays",
    commands: ALL,
    group: "messages",
  },
  {
    name: "help",
    alias: "h",
    kind: "flag",
    help: "show help",
    commands: ALL,
    group: "messages",
  },
  {
    name: "version",
    alias: "V",
    kind: "flag",
    help: "show the version",
    commands: ALL,
    group: "messages",
  },
] as const satisfies readonly Option[];

type Row = typeof OPTIONS[number];
type Parsed<R extends Row> = R extends { repeatable: true } ? readonly ValueOf[R["kind"]][]
  : ValueOf[R["kind"]];
type Settled<R extends Row> = R extends { default: string } | { repeatable: true } ? Parsed<R>
  : Parsed<R> | undefined;

/** The name of an option. */
export type OptionName = Row["name"];

/** Every option by name after parsing, completed with the defaults; undefined: not given. */
export type OptionValues = { readonly [R in Row as R["name"]]: Settled<R> };

/** The spellings of `option` on a command line: its name, for a switch also `no-NAME`. */
export function spellings(option: Option): string[] {
  return option.kind === "switch" ? [option.name, `no-${option.name}`] : [option.name];
}

/** The names of the options that do nothing without a device, or without --fill. */
export function optionsThatNeed(need: "device" | "fill"): OptionName[] {
  return OPTIONS.filter((row) => "needs" in row && row.needs === need).map(({ name }) => name);
}

/** The options of a command. */
export function optionsOf(command: CommandName): readonly Option[] {
  const options: readonly Option[] = OPTIONS;
  return options.filter((option) => option.commands.includes(command));
}
