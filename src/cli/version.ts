// What the program says about itself.

import config from "../../deno.json" with { type: "json" };
import type { About } from "../server/serve_options.ts";
import { shellQuote } from "../ui/shell_quote.ts";

/** `blkcache 0.1.0 (deno 2.9.6, x86_64)`: what a bug report needs. */
export function versionLine(): string {
  return `blkcache ${config.version} (deno ${Deno.version.deno}, ${Deno.build.arch})`;
}

/** The version and the command line, for the files that a run leaves behind. */
export function aboutThisRun(): About {
  const commandLine = ["blkcache", ...Deno.args.map(shellQuote)].join(" ");
  return { version: config.version, commandLine };
}
