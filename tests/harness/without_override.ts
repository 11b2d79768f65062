// The program as a root that file permissions apply to: what an ordinary user meets, for tests that run as root.

import { type ToolResult, tryTool } from "./tool.ts";

const ROOT = new URL("../../", import.meta.url).pathname;
const RIGHTS = "-dac_override,-dac_read_search";

/** Runs `blkcache ARGS...` without CAP_DAC_OVERRIDE and CAP_DAC_READ_SEARCH, to its end. Needs setpriv. */
export function runWithoutOverride(args: readonly string[], cwd: string): Promise<ToolResult> {
  const compiled = Deno.env.get("BLKCACHE");
  const program = compiled
    ? [Deno.realPathSync(compiled)]
    : [Deno.execPath(), "run", "-q", "-P", `--config=${ROOT}deno.json`, `${ROOT}main.ts`];
  return tryTool("setpriv", [`--bounding-set=${RIGHTS}`, ...program, ...args], {
    cwd,
    env: { NO_COLOR: "1" },
  });
}
