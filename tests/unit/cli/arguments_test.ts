import { assertEquals, assertThrows } from "@std/assert";
import { UserError } from "../../../src/base/errors.ts";
import { parseArguments, type Request } from "../../../src/cli/arguments.ts";
import type { OptionValues } from "../../../src/cli/options.ts";

function words(line: string): string[] {
  return line.split(" ").filter((word) => word !== "");
}

function ran(args: readonly string[]): Request & { kind: "run" } {
  const request = parseArguments(args);
  if (request.kind !== "run") throw new Error(`${args.join(" ")} is ${request.kind}`);
  return request;
}

function refusal(args: readonly string[]): UserError {
  const error = assertThrows(() => parseArguments(args), UserError);
  assertEquals(error.exitCode, 2);
  return error;
}

Deno.test("options that are not given have their defaults", () => {
  const { command, operands, values } = ran(["serve", "/dev/sr0"]);
  assertEquals(command, "serve");
  assertEquals(operands, ["/dev/sr0"]);
  const given = Object.entries(values).filter(([, value]) => value !== undefined);
  assertEquals(Object.fromEntries(given), {
    "listen": [],
    "export": "",
    "max-clients": 64,
    "timeout": 60,
    "read-ahead": 1048576,
    "retries": 0,
    "save-interval": 30,
    "log-level": "info",
  });
});

const VALUES: readonly [string, keyof OptionValues, OptionValues[keyof OptionValues]][] = [
  ["--map other.map", "map", "other.map"],
  ["--map=other.map", "map", "other.map"],
  ["--map=-odd", "map", "-odd"],
  ["--map=a=b", "map", "a=b"],
  ["--map -", "map", "-"],
  ["--socket /run/x.sock", "socket", "/run/x.sock"],
  ["--export=", "export", ""],
  ["--export a.b", "export", "a.b"],
  ["--export 5", "export", "5"],
  ["--listen 10809", "listen", [{ host: "127.0.0.1", port: 10809 }]],
  ["--listen 1 --listen [::1]:2", "listen", [
    { host: "127.0.0.1", port: 1 },
    { host: "::1", port: 2 },
  ]],
  ["--listen 0 --listen 0", "listen", [
    { host: "127.0.0.1", port: 0 },
    { host: "127.0.0.1", port: 0 },
  ]],
  ["--direct", "direct", true],
  ["--no-direct", "direct", false],
  ["--keep-cache", "keep-cache", true],
  ["--no-keep-cache", "keep-cache", false],
  ["--block-size 2K", "block-size", 2048],
  ["--read-ahead 0", "read-ahead", 0],
  ["--read-ahead 64K", "read-ahead", 65536],
  ["--read-ahead 64k", "read-ahead", 64000],
  ["--fill --rate 2MB", "rate", 2_000_000],
  ["--fill --rate 2048s", "rate", { sectors: 2048 }],
  ["--fill --verify 0x10Mi", "verify", 16 * 1024 * 1024],
  ["--timeout 0", "timeout", 0],
  ["--timeout 0.5", "timeout", 0.5],
  ["--retries 3", "retries", 3],
  ["--save-interval 0.1", "save-interval", 0.1],
  ["--max-clients 1", "max-clients", 1],
  ["--force", "force", true],
  ["--json", "json", true],
  ["--log-level debug", "log-level", "debug"],
  ["--quiet", "quiet", true],
  ["-q", "quiet", true],
  ["--quiet --log-level error", "quiet", true],
];

for (const [line, name, expected] of VALUES) {
  Deno.test(`serve takes ${line}`, () => {
    const { operands, values } = ran([...words(line), "serve", "DEV"]);
    assertEquals(values[name], expected);
    assertEquals(operands, ["DEV"]);
    assertEquals(ran(["serve", ...words(line), "DEV"]).values[name], expected);
    assertEquals(ran(["serve", "DEV", ...words(line)]).values[name], expected);
  });
}

Deno.test("an empty export name stands as a word of its own", () => {
  assertEquals(ran(["serve", "--export", "", "DEV"]).operands, ["DEV"]);
});

Deno.test("flags leave the operand behind them alone, whatever it is called", () => {
  assertEquals(ran(["serve", "--force", "true"]).operands, ["true"]);
  assertEquals(ran(["serve", "--no-direct", "false", "1e3"]).operands, ["false", "1e3"]);
  assertEquals(ran(["serve", "--direct", "DEV"]).values.direct, true);
});

Deno.test("after -- everything is an operand", () => {
  const { operands, values } = ran(["serve", "--json", "--", "--force", "--"]);
  assertEquals(operands, ["--force", "--"]);
  assertEquals([values.json, values.force], [true, undefined]);
});

const REFUSED: readonly [string, message: string, hint: string][] = [
  ["", "no command is given", "blkcache serve DEVICE"],
  ["--json", "no command is given", "blkcache serve DEVICE"],
  ["/dev/sr0", 'unknown command "/dev/sr0"', "blkcache serve /dev/sr0"],
  ["serv /dev/sr0", 'unknown command "serv"', "did you mean serve?"],
  ["xyzzy", 'unknown command "xyzzy"', "blkcache --help"],
  ["help detetc", 'unknown command "detetc"', "did you mean detect?"],
  ["help serve map", '"map" is one operand too many', "blkcache help [COMMAND]"],
  ["serve", "serve needs a DEVICE", "blkcache serve DEVICE [IMAGE]"],
  ["map", "map needs a MAPFILE", "blkcache map MAPFILE [RANGE]"],
  ["serve a b c", '"c" is one operand too many', "blkcache serve DEVICE [IMAGE]"],
  ["map a b c", '"c" is one operand too many', "blkcache map MAPFILE [RANGE]"],
  ["serve DEV --sokcet x", "unknown option --sokcet", "did you mean --socket?"],
  ["serve DEV --sokcet=x", "unknown option --sokcet", "did you mean --socket?"],
  ["serve DEV -socket x", "unknown option -socket", "did you mean --socket?"],
  ["serve DEV --no-dirct", "unknown option --no-dirct", "did you mean --no-direct?"],
  ["serve DEV --no-json", "unknown option --no-json", "blkcache --help"],
  ["serve DEV --read", "unknown option --read", "did you mean --read-ahead?"],
  ["serve DEV --frobnicate", "unknown option --frobnicate", "blkcache --help"],
  ["serve DEV --__proto__=1", "unknown option --__proto__", "blkcache --help"],
  ["serve DEV --map.x=1", "unknown option --map.x", "blkcache --help"],
  ["serve DEV -x", "unknown option -x", "blkcache --help"],
  ["serve DEV -5", "unknown option -5", "blkcache --help"],
  ["serve DEV --map", "--map needs a value", "--map FILE"],
  ["serve --map --json DEV", "--map needs a value", "--map FILE"],
  ["serve --map -- DEV", "--map needs a value", "--map FILE"],
  ["serve DEV --map=", "--map: a path cannot be empty", ""],
  ["serve DEV --json=yes", "--json takes no value", "--json"],
  ["serve DEV --no-direct=no", "--no-direct takes no value", "--no-direct"],
  ["serve DEV --map a --map b", "--map is repeated", ""],
  ["serve DEV --json --json", "--json is repeated", ""],
  ["serve DEV --no-direct --no-direct", "--no-direct is repeated", ""],
  ["serve DEV -q --quiet", "--quiet is repeated", ""],
  ["serve DEV --listen 7 --listen 127.0.0.1:7", "--listen 127.0.0.1:7 is repeated", ""],
  ["serve DEV --direct --no-direct", "--direct and --no-direct contradict each other", "give one"],
  [
    "serve DEV --quiet --log-level debug",
    "--quiet and --log-level debug contradict each other",
    "give one",
  ],
  ["detect --listen 5", "detect has no option --listen", "blkcache help detect"],
  ["mount DEV f --overlay x", "mount has no option --overlay", "blkcache help mount"],
  [
    "serve DEV --offline --fill",
    "--offline and --fill contradict each other",
    "offline nothing is read from a device, and nothing of the image is changed",
  ],
  ["serve DEV --offline --block-size 1000", '--block-size: "1000" is not a power of two', ""],
  ["serve DEV --block-size 1000", '--block-size: "1000" is not a power of two', ""],
  ["serve DEV --block-size 256", '--block-size: "256" is not from 512 bytes to 64 KiB', ""],
  ["serve DEV --block-size 1s", '--block-size: "1s" is in sectors: give it in bytes', ""],
  [
    "serve DEV --fill --loose-domain",
    "--loose-domain does nothing without --domain",
    "add --domain MAPFILE",
  ],
  ["serve DEV --block-size 1M", '--block-size: "1M" is not from 512 bytes to 64 KiB', ""],
  [
    "serve DEV --read-ahead 12Q",
    '--read-ahead: "12Q" is not a size: write it like 4096, 64Ki (65536), 64k (64000), 1.5MiB or 100s',
    "for example --read-ahead 1Mi",
  ],
  [
    "serve DEV --retries -1",
    "--retries needs a value",
    "--retries N",
  ],
  [
    "serve DEV --retries 1.5",
    '--retries: "1.5" is not a whole number from 0 to 1000',
    "for example --retries 0",
  ],
  [
    "serve DEV --max-clients 0",
    '--max-clients: "0" is not a whole number from 1 to 256',
    "for example --max-clients 64",
  ],
  [
    "serve DEV --timeout soon",
    '--timeout: "soon" is not a number of seconds from 0 to 1000000',
    "for example --timeout 60",
  ],
  [
    "serve DEV --log-level loud",
    '--log-level: "loud" is none of error, warning, info, debug',
    "for example --log-level info",
  ],
];

for (const [line, message, hint] of REFUSED) {
  Deno.test(`it refuses: blkcache ${line}`, () => {
    const error = refusal(words(line));
    assertEquals(error.message, message);
    assertEquals(error.hints[0] ?? "", hint);
  });
}

Deno.test("an empty operand is refused", () => {
  assertEquals(refusal(["serve", ""]).message, "DEVICE is empty");
  assertEquals(refusal(["serve", "a", ""]).message, "IMAGE is empty");
  assertEquals(refusal(["detect", "a", ""]).message, "DEVICE is empty");
});

Deno.test("detect takes any number of devices", () => {
  assertEquals(ran(["detect"]).operands, []);
  assertEquals(ran(["detect", "a", "b", "c"]).operands, ["a", "b", "c"]);
});

Deno.test("a device and a file without a command are mount's", () => {
  const { command, operands, values } = ran(words("/dev/sr0 disc.iso --json"));
  assertEquals([command, operands, values.json], ["mount", ["/dev/sr0", "disc.iso"], true]);
  assertEquals(ran(words("./serve map")).operands, ["./serve", "map"]);
  const here = Deno.makeTempFileSync({ dir: ".", prefix: "device" }).replace(/^.*\//, "");
  try {
    assertEquals(ran([here, "shown"]).operands, [here, "shown"]);
    assertEquals(refusal([here, "shown", "--fill-it"]).message, "unknown option --fill-it");
    assertEquals(refusal([here, "shown", "image"]).message, `unknown command "${here}"`);
    assertEquals(refusal([here]).message, `unknown command "${here}"`);
  } finally {
    Deno.removeSync(here);
  }
  assertEquals(refusal(words("/dev/sr0 disc.iso --svg x")).message, "mount has no option --svg");
  assertEquals(refusal(words("mout disc.iso")).hints, ["did you mean mount?"]);
  assertEquals(parseArguments(words("/dev/sr0 disc.iso --help")), { kind: "help", topic: "mount" });
});

Deno.test("what needs a device contradicts --offline, also when it is the default", () => {
  const words = [
    "--direct",
    "--no-direct",
    "--read-ahead 1M",
    "--retries 0",
    "--once",
    "--speed 4",
  ];
  words.push("--try-again", "--save-interval 30", "--keep-cache", "--no-keep-cache", "--force");
  for (const option of words) {
    const { message } = refusal(["mount", "a", "b", "--offline", ...option.split(" ")]);
    const [name] = option.split(" ");
    assertEquals(message, `--offline and ${name} contradict each other`);
  }
  const fine =
    "--offline --map m --timeout 5 --block-size 2K --mount f --attach n --record-domain r";
  assertEquals(ran(["serve", "image", ...fine.split(" ")]).values.offline, true);
  // An overlay may have to be forced.
  assertEquals(
    ran(["serve", "image", "--offline", "--overlay", "o", "--force"]).values.force,
    true,
  );
});

const HELP: readonly [string, Request][] = [
  ["--help", { kind: "help", topic: undefined }],
  ["-h", { kind: "help", topic: undefined }],
  ["help", { kind: "help", topic: undefined }],
  ["help help", { kind: "help", topic: undefined }],
  ["help serve", { kind: "help", topic: "serve" }],
  ["help serve --help", { kind: "help", topic: "serve" }],
  ["serve --help", { kind: "help", topic: "serve" }],
  ["--help serve", { kind: "help", topic: "serve" }],
  ["serve -h a b c d", { kind: "help", topic: "serve" }],
  ["--version", { kind: "version" }],
  ["-V", { kind: "version" }],
  ["serve --version", { kind: "version" }],
];

for (const [line, expected] of HELP) {
  Deno.test(`blkcache ${line} informs`, () => assertEquals(parseArguments(words(line)), expected));
}
