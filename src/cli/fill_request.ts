// From the options of a fill to what the server is told.

import type { FillRequest } from "../server/serve_options.ts";
import type { OptionName, OptionValues } from "./options.ts";
import { usageError } from "../base/errors.ts";

/** Options that say how to fill, and nothing else. */
const FOR_FILL = [
  "exit-when-complete",
  "rate",
  "max-read-rate",
  "min-read-rate",
  "pause-on-error",
  "cooldown",
  "max-errors",
  "max-error-rate",
  "verify",
  "domain",
  "loose-domain",
] as const satisfies readonly OptionName[];

/** @throws {UserError} when there are options for a fill, but none is wanted. */
export function fillRequest(values: OptionValues): FillRequest | undefined {
  if (!values.fill) {
    const idle = FOR_FILL.find((name) => values[name] !== undefined);
    if (idle === undefined) return undefined;
    throw usageError(`--${idle} does nothing without --fill`, `add --fill, or leave it out`);
  }
  return {
    options: {
      rate: values.rate ?? 0,
      maxReadRate: values["max-read-rate"] ?? 0,
      minReadRate: values["min-read-rate"] ?? 0,
      pauseOnErrorMs: (values["pause-on-error"] ?? 0) * 1000,
      cooldownMs: (values.cooldown ?? 0) * 1000,
      maxErrors: values["max-errors"],
      maxErrorRate: values["max-error-rate"],
      retries: values.retries,
      verifyBytes: values.verify ?? 0,
    },
    domain: values.domain === undefined
      ? undefined
      : { path: values.domain, isLoose: values["loose-domain"] ?? false },
    exitWhenComplete: values["exit-when-complete"] ?? false,
  };
}
