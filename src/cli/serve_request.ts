// From a checked command line to the options of the server.

import { dirname, resolve } from "@std/path";
import { typedAgain } from "../base/shell_command.ts";
import type { FillRequest, ServeOptions } from "../server/serve_options.ts";
import { optionsThatNeed, type OptionValues } from "./options.ts";
import { usageError } from "../base/errors.ts";

/** Longest path that fits into sockaddr_un, bytes; one is kept for the final zero. */
const SOCKET_PATH_MAX = 107;

/** How long a run with --exit-when-complete waits for its device, and for room: longer than a power cycle. */
const GIVE_UP_SECONDS = 600;

/**
 * @param shownAs FILE of `mount`; undefined: the command is `serve`.
 * @throws {UserError} when two of the paths are one and the same.
 */
export function serveOptions(
  operands: readonly string[],
  values: OptionValues,
  shownAs?: string,
): ServeOptions {
  const [devicePath = "", imagePath] = operands;
  const { map: mapPath, socket: socketPath } = values;
  checkPaths(devicePath, imagePath, values);
  checkSocket(socketPath);
  checkWriting(values);
  if (values.offline && imagePath !== undefined) {
    throw usageError(
      `with --offline there is no device: "${imagePath}" is one operand too many`,
      typedAgain({ devicePath: imagePath, shownAs }, undefined, "--offline "),
    );
  }
  return {
    devicePath,
    offline: values.offline ?? false,
    imagePath,
    folder: ".",
    mapPath,
    socketPath,
    listen: values.listen,
    exportName: values.export,
    direct: values.direct,
    blockSize: values["block-size"],
    readAhead: values["read-ahead"],
    reader: {
      retries: values.retries,
      timeoutMs: values.timeout * 1000,
      mostCelsius: values.cooldown?.celsius,
    },
    giveUpSeconds: giveUpSeconds(values),
    onStall: values["on-stall"],
    maxHours: values["max-hours"],
    fill: fillRequest(values),
    tryAgain: values["try-again"] ?? false,
    recordDomain: values["record-domain"],
    saveIntervalSeconds: values["save-interval"],
    keepCache: values["keep-cache"] ?? true,
    maxClients: values["max-clients"],
    force: values.force ?? false,
    once: values.once ?? false,
    speed: values.speed,
    writeThrough: values["write-through"] ?? false,
    overlayPath: values.overlay,
    mount: values.mount,
    attach: values.attach,
    exitsWithParent: values["exit-with-parent"] ?? false,
    survivesHangUp: false,
    endsWithMount: false,
  };
}

/** @throws {UserError} when there are options for a fill, but none is wanted. */
function fillRequest(values: OptionValues): FillRequest | undefined {
  if (!values.fill) {
    const idle = optionsThatNeed("fill").find((name) => values[name] !== undefined);
    if (idle === undefined) return undefined;
    throw usageError(`--${idle} does nothing without --fill`, `add --fill, or leave it out`);
  }
  return {
    options: {
      rate: values.rate ?? 0,
      maxReadRate: values["max-read-rate"] ?? 0,
      minReadRate: values["min-read-rate"] ?? 0,
      pauseOnErrorMs: (values["pause-on-error"] ?? 0) * 1000,
      cooldownMs: (values.cooldown?.seconds ?? 0) * 1000,
      maxErrors: values["max-errors"],
      maxErrorRate: values["max-error-rate"],
      retryPasses: values.retries,
      verifyBytes: values.verify ?? 0,
    },
    domain: values.domain === undefined
      ? undefined
      : { path: values.domain, isLoose: values["loose-domain"] ?? false },
    exitWhenComplete: values["exit-when-complete"] ?? false,
  };
}

/** A run that was to end by itself does so; one that serves clients continues with cached areas. */
function giveUpSeconds(values: OptionValues): number | undefined {
  const given = values["give-up-after"];
  if (given !== undefined) return given === 0 ? undefined : given;
  return values["exit-when-complete"] ? GIVE_UP_SECONDS : undefined;
}

/** The same for `mount DEVICE FILE [IMAGE]`: the image goes beside FILE, and the run ends with the mount. */
export function mountOptions(operands: readonly string[], values: OptionValues): ServeOptions {
  const [device = "", file = "", image] = operands;
  const options = serveOptions(image === undefined ? [device] : [device, image], {
    ...values,
    mount: file,
  }, file);
  return { ...options, folder: dirname(resolve(file)), endsWithMount: true };
}

/** Only compares the texts; whether two names lead to one file is looked at when they are opened. */
function checkPaths(devicePath: string, imagePath: string | undefined, values: OptionValues): void {
  const { map, socket, domain, mount, attach } = values;
  const paths: [name: string, path: string | undefined][] = [
    ["DEVICE", devicePath],
    ["IMAGE", imagePath],
    ["the sidecar of IMAGE", imagePath && `${imagePath}.json`],
    map === undefined ? ["the map of IMAGE", imagePath && `${imagePath}.map`] : ["--map", map],
    ["--socket", socket],
    ["--domain", domain],
    ["--record-domain", values["record-domain"]],
    ["the mounted FILE", mount],
    ["--overlay", values.overlay],
    ["the map of --overlay", values.overlay && `${values.overlay}.map`],
    ["--attach", attach],
  ];
  const seen = new Map<string, string>();
  for (const [name, path] of paths) {
    if (path === undefined) continue;
    const absolute: string = resolve(path);
    const other = seen.get(absolute);
    if (other !== undefined) {
      throw usageError(`${other} and ${name} are both "${path}"`, "each needs a file of its own");
    }
    seen.set(absolute, name);
  }
}

/** Two places for one write, or none at all. */
function checkWriting({ overlay, mount, "write-through": through }: OptionValues): void {
  if (overlay !== undefined && through) {
    throw usageError("--overlay and --write-through contradict each other", "give one");
  }
  const writing = through ? "--write-through" : "--overlay";
  if ((overlay !== undefined || through) && mount !== undefined) {
    throw usageError(
      `${writing} and --mount contradict each other: a mounted file is read-only`,
      "leave --mount out; to see written bytes in a file, use nbdfuse",
    );
  }
}

function checkSocket(path: string | undefined): void {
  const length = path === undefined ? 0 : new TextEncoder().encode(path).length;
  if (length > SOCKET_PATH_MAX) {
    throw usageError(
      `--socket: a path of ${length} bytes is too long for a Unix socket`,
      `at most ${SOCKET_PATH_MAX} bytes are possible: choose a shorter one, as in /run/blkcache.sock`,
    );
  }
}
