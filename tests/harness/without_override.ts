// The program as a root that file permissions apply to: what an ordinary user meets, for tests that run as root.

import { programCommand } from "./program.ts";
import { type ToolResult, tryTool } from "./tool.ts";

const RIGHTS = "-dac_override,-dac_read_search";

/** Runs `blkcache ARGS...` without CAP_DAC_OVERRIDE and CAP_DAC_READ_SEARCH, to its end. Needs setpriv. */
export function runWithoutOverride(args: readonly string[], cwd: string): Promise<ToolResult> {
  return tryTool("setpriv", [`--bounding-set=${RIGHTS}`, ...programCommand(), ...args], {
    cwd,
    env: { NO_COLOR: "1" },
  });
}
