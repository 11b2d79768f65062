// What the program says about itself.

import config from "../../deno.json" with { type: "json" };
import type { About } from "../server/serve_options.ts";
import { shellQuote } from "../base/shell_command.ts";
import { commit } from "./commit.ts";

/** Digits of the commit that are shown. */
const COMMIT_DIGITS = 12;

/** `blkcache 0.1.0 (commit 0123456789ab, deno 2.9.6, x86_64-unknown-linux-gnu)`: what a bug report needs. */
export function versionLine(): string {
  const about = [
    `commit ${commit()?.slice(0, COMMIT_DIGITS) ?? "unknown"}`,
    `deno ${Deno.version.deno}`,
    Deno.build.target,
  ];
  return `blkcache ${config.version} (${about.join(", ")})`;
}

/** The version and the command line, for the files that a run leaves behind. */
export function aboutThisRun(): About {
  const commandLine = ["blkcache", ...Deno.args.map(shellQuote)].join(" ");
  return { version: config.version, commandLine };
}
