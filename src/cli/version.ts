// What `--version` says.

import config from "../../deno.json" with { type: "json" };

/** `blkcache 0.1.0 (deno 2.9.6, x86_64)`: what a bug report needs. */
export function versionLine(): string {
  return `blkcache ${config.version} (deno ${Deno.version.deno}, ${Deno.build.arch})`;
}

/** The program and its command line, for the files that a run leaves behind. */
export function aboutThisRun(): { version: string; commandLine: string } {
  return { version: config.version, commandLine: ["blkcache", ...Deno.args].join(" ") };
}
