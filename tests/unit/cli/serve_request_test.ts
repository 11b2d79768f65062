import { assertEquals, assertThrows } from "@std/assert";
import { UserError } from "../../../src/base/errors.ts";
import { parseArguments } from "../../../src/cli/arguments.ts";
import { mountOptions, serveOptions } from "../../../src/cli/serve_request.ts";
import type { ServeOptions } from "../../../src/server/serve_options.ts";

function requestFrom(line: string) {
  const request = parseArguments(line.split(" "));
  if (request.kind !== "run") throw new Error(line);
  return request;
}

function optionsFrom(line: string): ServeOptions {
  const { operands, values } = requestFrom(line);
  return serveOptions(operands, values);
}

Deno.test("the server gets the defaults of the table", () => {
  assertEquals(optionsFrom("serve /dev/sr0"), {
    devicePath: "/dev/sr0",
    offline: false,
    imagePath: undefined,
    mapPath: undefined,
    socketPath: undefined,
    listen: [],
    exportName: "",
    direct: undefined,
    blockSize: undefined,
    readAhead: 1024 * 1024,
    giveUpSeconds: undefined,
    onStall: undefined,
    maxHours: undefined,
    reader: { retries: 0, timeoutMs: 60_000, mostCelsius: undefined },
    fill: undefined,
    tryAgain: false,
    recordDomain: undefined,
    saveIntervalSeconds: 30,
    endsWithMount: false,
    folder: ".",
    mount: undefined,
    writeThrough: false,
    overlayPath: undefined,
    attach: undefined,
    keepCache: true,
    maxClients: 64,
    force: false,
    once: false,
    speed: undefined,
    exitsWithParent: false,
    survivesHangUp: false,
  });
});

Deno.test("every option reaches the server", () => {
  const line = "serve dev image --map m --socket s --listen 5 --export e --no-direct " +
    "--block-size 4K --read-ahead 0 --timeout 1.5 --give-up-after 7 --retries 2 --save-interval 5 --no-keep-cache " +
    "--max-clients 3 --force --once --speed 8 --fill --exit-when-complete --rate 1Mi --max-read-rate 2048Ki " +
    "--min-read-rate 1000 --pause-on-error 0.5 --cooldown 60 --max-errors 0 " +
    "--max-error-rate 128s --verify 3Mi --try-again --domain d --record-domain r --mount shown --attach /dev/nbd0 " +
    "--exit-with-parent --on-stall reset --max-hours 8.5";
  assertEquals(optionsFrom(line), {
    devicePath: "dev",
    offline: false,
    imagePath: "image",
    mapPath: "m",
    socketPath: "s",
    listen: [{ host: "127.0.0.1", port: 5 }],
    exportName: "e",
    direct: false,
    blockSize: 4096,
    readAhead: 0,
    giveUpSeconds: 7,
    onStall: "reset",
    maxHours: 8.5,
    reader: { retries: 2, timeoutMs: 1500, mostCelsius: undefined },
    fill: {
      options: {
        rate: 1_048_576,
        maxReadRate: 2_097_152,
        minReadRate: 1000,
        pauseOnErrorMs: 500,
        cooldownMs: 60_000,
        maxErrors: 0,
        maxErrorRate: { sectors: 128 },
        retryPasses: 2,
        verifyBytes: 3_145_728,
      },
      domain: { path: "d", isLoose: false },
      exitWhenComplete: true,
    },
    tryAgain: true,
    recordDomain: "r",
    saveIntervalSeconds: 5,
    endsWithMount: false,
    folder: ".",
    mount: "shown",
    writeThrough: false,
    overlayPath: undefined,
    attach: "/dev/nbd0",
    keepCache: false,
    maxClients: 3,
    force: true,
    once: true,
    speed: 8,
    exitsWithParent: true,
    survivesHangUp: false,
  });
});

Deno.test("a cooldown is a rest after errors, or with C a temperature", () => {
  const of = (value: string) => {
    const { fill, reader } = optionsFrom(`serve dev --fill --cooldown ${value}`);
    return [fill?.options.cooldownMs, reader.mostCelsius];
  };
  assertEquals(of("1.5"), [1500, undefined]);
  assertEquals(of("50C"), [0, 50]);
  assertEquals(of("55c"), [0, 55]);
  for (const wrong of ["C", "5C", "500C", "50.5C", "-1C", "50F"]) {
    assertThrows(() => of(wrong), UserError, "--cooldown");
  }
});

Deno.test("fill alone reads all, as fast as it goes, and stays", () => {
  assertEquals(optionsFrom("serve dev --fill").fill, {
    options: {
      rate: 0,
      maxReadRate: 0,
      minReadRate: 0,
      pauseOnErrorMs: 0,
      cooldownMs: 0,
      maxErrors: undefined,
      maxErrorRate: undefined,
      retryPasses: 0,
      verifyBytes: 0,
    },
    domain: undefined,
    exitWhenComplete: false,
  });
});

for (const option of ["--exit-when-complete", "--domain d", "--max-errors 0", "--cooldown 0"]) {
  Deno.test(`it refuses ${option} without --fill`, () => {
    const error = assertThrows(() => optionsFrom(`serve dev ${option}`), UserError);
    const [name] = option.split(" ");
    assertEquals([error.message, error.exitCode], [`${name} does nothing without --fill`, 2]);
  });
}

const COLLISIONS: readonly [string, string][] = [
  ["serve a a", 'DEVICE and IMAGE are both "a"'],
  ["serve a ./x/../a", 'DEVICE and IMAGE are both "./x/../a"'],
  ["serve a b --map b", 'IMAGE and --map are both "b"'],
  ["serve a --map ./a", 'DEVICE and --map are both "./a"'],
  ["serve a b --map b.json", 'the sidecar of IMAGE and --map are both "b.json"'],
  ["serve b.map b", 'DEVICE and the map of IMAGE are both "b.map"'],
  ["serve a b --socket b.json", 'the sidecar of IMAGE and --socket are both "b.json"'],
  ["serve a b --fill --domain b.map", 'the map of IMAGE and --domain are both "b.map"'],
  [
    "serve a b --offline",
    'with --offline there is no device: "b" is one operand too many',
  ],
  ["serve a --map m --socket m", '--map and --socket are both "m"'],
];

for (const [line, message] of COLLISIONS) {
  Deno.test(`it refuses: blkcache ${line}`, () => {
    const error = assertThrows(() => optionsFrom(line), UserError);
    assertEquals([error.message, error.exitCode], [message, 2]);
  });
}

Deno.test("a hint names the command that was typed", () => {
  const values = requestFrom("serve a b --offline").values;
  const serve = assertThrows(() => serveOptions(["a", "b"], values), UserError);
  assertEquals(serve.hints, ["blkcache serve --offline b"]);
  const mount = assertThrows(() => mountOptions(["a", "f", "b"], values), UserError);
  assertEquals(mount.hints, ["blkcache mount --offline b f"]);
});

Deno.test("a socket path that the kernel cannot take is refused", () => {
  assertEquals(optionsFrom(`serve a --socket ${"x".repeat(107)}`).socketPath?.length, 107);
  const error = assertThrows(() => optionsFrom(`serve a --socket ${"é".repeat(54)}`), UserError);
  assertEquals(error.message, "--socket: a path of 108 bytes is too long for a Unix socket");
});

Deno.test("a run that ends by itself gives up after ten minutes, one that serves clients does not", () => {
  for (
    const [args, expected] of [
      ["", undefined],
      ["--fill", undefined],
      ["--fill --exit-when-complete", 600],
      ["--fill --exit-when-complete --give-up-after never", undefined],
      ["--fill --exit-when-complete --give-up-after 0", undefined],
      ["--give-up-after 2.5", 2.5],
    ] as const
  ) {
    assertEquals(optionsFrom(`serve /dev/sr0 ${args}`.trim()).giveUpSeconds, expected, args);
  }
});
