// Parses the text of an option on the command line into its value.

import { formatSize, inBytes, parseSize, type WrittenSize } from "../base/sizes.ts";
import { LOG_LEVELS, type LogLevel } from "../ui/terminal.ts";
import { parseListenAddress } from "./listen_address.ts";
import type { Option, ValueOf } from "./options.ts";
import { usageError } from "../base/errors.ts";

const LEAST_SECTOR = 512;
/** Longest name of an export in the NBD protocol, bytes. */
const NBD_MAX_STRING = 4096;

/** @throws {UserError} when `text` is not what the option takes. */
export function parseOptionValue(option: Option, text: string): ValueOf[keyof ValueOf] {
  try {
    return parse(option, text);
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    const hints = option.default ? [`for example --${option.name} ${option.default}`] : [];
    throw usageError(`--${option.name}: ${error.message}`, ...hints);
  }
}

/** @throws {RangeError} with a sentence. */
function parse(option: Option, text: string): ValueOf[keyof ValueOf] {
  switch (option.kind) {
    case "flag":
      return true;
    case "switch":
      return text === option.name;
    case "path":
      if (text === "") throw new RangeError("a path cannot be empty");
      return text;
    case "command":
      if (text.trim() === "") throw new RangeError("a command cannot be empty");
      return text;
    case "text":
      return shortText(text);
    case "size":
      return size(option, text);
    case "bytes":
      return bytes(option, text);
    case "count":
      return numberWithin(option, text, /^\d+$/, "a whole number");
    case "seconds":
      return numberWithin(option, text, /^\d+(\.\d+)?$/, "a number of seconds");
    case "cooldown":
      return cooldown(option, text);
    case "hours":
      return numberWithin(option, text, /^\d+(\.\d+)?$/, "a number of hours");
    case "patience":
      if (text === "never") return 0;
      return numberWithin(option, text, /^\d+(\.\d+)?$/, '"never" or a number of seconds');
    case "address":
      return parseListenAddress(text);
    case "level":
      return level(text);
  }
}

function shortText(text: string): string {
  if (new TextEncoder().encode(text).length > NBD_MAX_STRING) {
    throw new RangeError(`a name has at most ${NBD_MAX_STRING} bytes`);
  }
  return text;
}

function size(option: Option, text: string): WrittenSize {
  const written = parseSize(text);
  // No device has smaller sectors; checks that need the real size follow when it is known.
  const value = inBytes(written, LEAST_SECTOR);
  const { min = 0, max = Number.MAX_SAFE_INTEGER } = option;
  if (value < min || value > max) {
    throw new RangeError(`"${text}" is not from ${formatSize(min)} to ${formatSize(max)}`);
  }
  return written;
}

function bytes(option: Option, text: string): number {
  const value = size(option, text);
  if (typeof value !== "number") throw new RangeError(`"${text}" is in sectors: give it in bytes`);
  if (option.powerOfTwo && !Number.isInteger(Math.log2(value))) {
    throw new RangeError(`"${text}" is not a power of two`);
  }
  return value;
}

function numberWithin(option: Option, text: string, form: RegExp, what: string): number {
  const { min = 0, max = Number.MAX_SAFE_INTEGER } = option;
  const value = form.test(text) ? Number(text) : NaN;
  if (!(value >= min && value <= max)) {
    throw new RangeError(`"${text}" is not ${what} from ${min} to ${max}`);
  }
  return value;
}

/** Drives that feel well are warmer than the least, and none lives at the most. */
const CELSIUS = { min: 20, max: 120 } as const;

function cooldown(option: Option, text: string): ValueOf["cooldown"] {
  if (!/c$/i.test(text)) {
    const what = "a number of seconds or a temperature such as 50C";
    return { seconds: numberWithin(option, text, /^\d+(\.\d+)?$/, what) };
  }
  const celsius = numberWithin(
    { ...option, ...CELSIUS },
    text.slice(0, -1),
    /^\d+$/,
    "a temperature",
  );
  return { celsius };
}

function level(text: string): LogLevel {
  const found = LOG_LEVELS.find((known) => known === text);
  if (found === undefined) throw new RangeError(`"${text}" is none of ${LOG_LEVELS.join(", ")}`);
  return found;
}
