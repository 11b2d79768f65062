// `blkcache serve` and `blkcache mount`: hands the run to the server and its events to the terminal.

import { basename } from "@std/path";
import type { Observer } from "../server/events.ts";
import { fitToLimits } from "../server/fit_to_limits.ts";
import { KeptThread } from "../server/saving_reserve.ts";
import { serve } from "../server/serve.ts";
import { isSignalIgnored, SIGHUP } from "../sys/signals.ts";
import { MOST_CONNECTIONS } from "../ui/page/limits.ts";
import { LivePage } from "../ui/page/live_page.ts";
import { RunReporter } from "../ui/run_reporter.ts";
import type { Terminal } from "../ui/terminal.ts";
import { isLoopback, type ListenAddress, pageAddress } from "./listen_address.ts";
import type { OptionValues } from "./options.ts";
import { mountOptions, serveOptions } from "./serve_request.ts";
import { readStandardInput, STANDARD_INPUT } from "./standard_input.ts";
import { aboutThisRun } from "./version.ts";

/** Serves until it is stopped. @returns the exit code. */
export async function serveCommand(
  command: "serve" | "mount",
  operands: readonly string[],
  values: OptionValues,
  terminal: Terminal,
): Promise<number> {
  // Deno changes this with the first listener for any signal.
  const survivesHangUp = isSignalIgnored(SIGHUP);
  const request = command === "mount" ? mountOptions : serveOptions;
  const { options: fitted, pageConnections, warning } = fitToLimits(
    request(operands, values),
    values.http === undefined ? 0 : MOST_CONNECTIONS,
  );
  if (warning !== undefined) terminal.warning(warning.message, warning.hints);
  const options = { ...fitted, survivesHangUp };
  if (options.fill?.domain?.path === STANDARD_INPUT) {
    const content = await readStandardInput("--domain");
    options.fill = { ...options.fill, domain: { ...options.fill.domain, content } };
  }
  for (const { host } of options.listen.filter(({ host }) => !isLoopback(host))) {
    const deed = options.writeThrough || options.overlayPath !== undefined
      ? "read and write"
      : "read";
    terminal.warning(`everybody who can reach ${host} will be able to ${deed} the device`, [
      "to keep it to this machine, leave HOST out; to reach it from another one, use ssh -L",
    ]);
  }
  using _thread = new KeptThread();
  const name = basename(options.devicePath);
  const reporter = new RunReporter(terminal, name);
  await using page = values.http && await openPage(values.http, pageConnections, name, terminal);
  const observe: Observer = (event) => {
    reporter.observe(event);
    page?.observe(event);
  };
  const printStatus = () => reporter.printStatus();
  Deno.addSignalListener("SIGUSR1", printStatus);
  try {
    return await serve(options, aboutThisRun(), observe);
  } finally {
    Deno.removeSignalListener("SIGUSR1", printStatus);
  }
}

async function openPage(
  address: ListenAddress,
  mostConnections: number,
  name: string,
  terminal: Terminal,
): Promise<LivePage> {
  const { host, port } = pageAddress(address);
  if (!isLoopback(host)) {
    terminal.warning("everybody who can reach this machine will be able to see the live page", [
      "to keep it to this machine, leave HOST out; to reach it from another one, use ssh -L",
    ]);
  }
  const page = await LivePage.open({
    host,
    port,
    mostConnections,
    name,
    details: `on ${Deno.hostname()}`,
  });
  if (terminal.json) terminal.record({ event: "page", url: page.url });
  terminal.info(`live page ${page.url}`);
  return page;
}
