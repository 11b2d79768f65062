// `blkcache serve` and `blkcache mount`: hands the run to the server and its events to the terminal.

import { basename } from "@std/path";
import { serve } from "../server/serve.ts";
import { RunReporter } from "../ui/run_reporter.ts";
import type { Terminal } from "../ui/terminal.ts";
import { isLoopback } from "./listen_address.ts";
import type { OptionValues } from "./options.ts";
import { mountOptions, serveOptions } from "./serve_request.ts";
import { aboutThisRun } from "./version.ts";

/** Serves until it is stopped. @returns the exit code. */
export async function serveCommand(
  command: "serve" | "mount",
  operands: readonly string[],
  values: OptionValues,
  terminal: Terminal,
): Promise<number> {
  const options = command === "mount"
    ? mountOptions(operands, values)
    : serveOptions(operands, values);
  for (const { host } of options.listen.filter(({ host }) => !isLoopback(host))) {
    terminal.warning(`everybody who can reach ${host} will be able to read the device`, [
      "to keep it to this machine, leave HOST out; to reach it from another one, use ssh -L",
    ]);
  }
  const reporter = new RunReporter(terminal, basename(options.device));
  const printStatus = () => reporter.printStatus();
  Deno.addSignalListener("SIGUSR1", printStatus);
  try {
    return await serve(options, aboutThisRun(), reporter.observe);
  } finally {
    Deno.removeSignalListener("SIGUSR1", printStatus);
  }
}
