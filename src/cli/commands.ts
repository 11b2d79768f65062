// The table of commands. Dispatch, operand checks and help screens derive from it.

/** What a command takes besides options. */
export interface Operand {
  readonly name: string;
  readonly required: boolean;
  /** True when it may be given any number of times (last operand only). */
  readonly repeatable?: true;
}

/** One row of the table. */
export interface Command {
  readonly name: string;
  readonly operands: readonly Operand[];
  /** One line for the overview. */
  readonly summary: string;
  /** What `help COMMAND` says below the usage, a paragraph each. */
  readonly about: readonly string[];
  readonly examples: readonly string[];
}

/** Every command, in the order of the overview. */
export const COMMANDS = [
  {
    name: "serve",
    operands: [{ name: "DEVICE", required: true }, { name: "IMAGE", required: false }],
    summary: "serve DEVICE through the cache over NBD",
    about: [
      "Reads each sector of DEVICE (a block device, a removable drive or a regular file) at most " +
      "once, keeps it in IMAGE and serves it over NBD. It writes to DEVICE only with --write-through.",
      "IMAGE defaults to ./NAME-ID.img. Beside it stand IMAGE.map, a GNU ddrescue mapfile, and " +
      "IMAGE.json. Stop at any time with Ctrl-C; the same command resumes, and so does ddrescue.",
    ],
    examples: ["blkcache serve /dev/sr0", "blkcache serve --listen 10809 /dev/sdb disk.img"],
  },
  {
    name: "mount",
    operands: [
      { name: "DEVICE", required: true },
      { name: "FILE", required: true },
      { name: "IMAGE", required: false },
    ],
    summary: "show DEVICE as the file FILE as well",
    about: [
      "Shows DEVICE as the read-only file FILE, which every program can open, and serves it over " +
      "NBD as serve does. blkcache creates FILE if it does not exist, and then removes it at the " +
      "end. Unmounting FILE or Ctrl-C ends blkcache.",
      "IMAGE defaults to NAME-ID.img beside FILE. You may leave out the word mount if DEVICE is " +
      "a path and there is no IMAGE.",
    ],
    examples: ["blkcache mount /dev/sr0 disc.iso", "blkcache mount /dev/sdb disk disk.img"],
  },
  {
    name: "detect",
    operands: [{ name: "DEVICE", required: false, repeatable: true }],
    summary: "list devices, media, sizes and identities",
    about: [
      "Prints class, size, sector size, medium and identity of each DEVICE, and its partitions " +
      "with file system, label, size and used bytes. For that it reads the first 64 KiB and the " +
      "file systems' tables: at most 64 MiB in 5 seconds, and nothing after a failed read. " +
      "Without DEVICE it prints a table of all disks and drives and reads none.",
    ],
    examples: ["blkcache detect", "blkcache detect /dev/sr0"],
  },
  {
    name: "map",
    operands: [{ name: "MAPFILE", required: true }, { name: "RANGE", required: false }],
    summary: "totals and picture of a ddrescue mapfile",
    about: [
      "Prints totals by status, the largest areas without data, what a rescue would do next, and " +
      "a picture: each cell stands for a part of the device and shows the worst status in it. " +
      "blkcache only reads MAPFILE; - is standard input.",
      "RANGE (START-END, START- or START+LENGTH) restricts all this to a part. Offsets are " +
      "bytes, with Ki, Mi, Gi and so on, sectors with s, or hexadecimal as in a mapfile: " +
      "0x1F00000-0x2000000.",
    ],
    examples: [
      "blkcache map disk.img.map",
      "blkcache map --watch disk.img.map",
      "blkcache map --svg disk.svg disk.img.map 1.5Gi-2Gi",
    ],
  },
  {
    name: "completions",
    operands: [{ name: "SHELL", required: true }],
    summary: "print a shell completion script",
    about: [
      "Prints a script with which SHELL (bash, zsh or fish) completes the commands and options " +
      "of blkcache.",
    ],
    examples: [
      "blkcache completions bash > /etc/bash_completion.d/blkcache",
      "blkcache completions zsh > /usr/local/share/zsh/site-functions/_blkcache",
      "blkcache completions fish > ~/.config/fish/completions/blkcache.fish",
    ],
  },
  {
    name: "help",
    operands: [{ name: "COMMAND", required: false }],
    summary: "show every option of a command",
    about: [
      "Shows what COMMAND does and all of its options, or with --man the whole manual.",
    ],
    examples: [
      "blkcache help serve",
      "blkcache help --man | man -l -",
      "blkcache help --man > /usr/local/share/man/man1/blkcache.1",
    ],
  },
] as const satisfies readonly Command[];

/** The name of a command. */
export type CommandName = typeof COMMANDS[number]["name"];

/** The command called `name`, if there is one. */
export function findCommand(name: string): (Command & { name: CommandName }) | undefined {
  return COMMANDS.find((command) => command.name === name);
}

/** `DEVICE [IMAGE]`: the operands as a usage line shows them. */
export function operandsUsage(command: Command): string {
  return command.operands.map(({ name, required, repeatable }) => {
    const text = repeatable ? `${name}...` : name;
    return required ? text : `[${text}]`;
  }).join(" ");
}
