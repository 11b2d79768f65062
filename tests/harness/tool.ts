// Runs other people's programs: clients, ddrescue, mkfs. What one of them says is part of a failure.

import { PATIENCE_MS } from "./patience.ts";

/** How a tool ended. */
export interface ToolResult {
  /** Exit code; 128 + signal number when a signal ended it. */
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** What may differ from the default. */
export interface ToolOptions {
  cwd?: string;
  /** Text for its standard input; default: none. */
  stdin?: string;
  env?: Record<string, string>;
  /** After this it is killed, and the test has failed; default PATIENCE_MS. */
  patienceMs?: number;
}

/** Runs a tool to its end, whatever its exit code. */
export async function tryTool(
  name: string,
  args: readonly string[],
  { cwd, stdin, env, patienceMs = PATIENCE_MS }: ToolOptions = {},
): Promise<ToolResult> {
  const child = new Deno.Command(name, {
    args: [...args],
    ...(cwd === undefined ? {} : { cwd }),
    env: { LC_ALL: "C", ...env },
    stdin: stdin === undefined ? "null" : "piped",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  if (stdin !== undefined) {
    const writer = child.stdin.getWriter();
    await writer.write(new TextEncoder().encode(stdin));
    await writer.close();
  }
  let late = false;
  const timer = setTimeout(() => {
    late = true;
    child.kill("SIGKILL");
  }, patienceMs);
  const { code, stdout, stderr } = await child.output();
  clearTimeout(timer);
  const decoder = new TextDecoder();
  const result = { code, stdout: decoder.decode(stdout), stderr: decoder.decode(stderr) };
  if (late) throw new Error(`${name} ${args.join(" ")} did not end: ${result.stderr}`);
  return result;
}

/** Runs a tool that has to succeed. @returns what it wrote on stdout. */
export async function tool(
  name: string,
  args: readonly string[],
  options: ToolOptions = {},
): Promise<string> {
  const { code, stdout, stderr } = await tryTool(name, args, options);
  if (code !== 0) {
    throw new Error(`${name} ${args.join(" ")} ended with ${code}: ${stderr}${stdout}`);
  }
  return stdout;
}

/** Waits until `condition` holds, looking again every few milliseconds. @throws when it does not in time. */
export async function until(
  what: string,
  condition: () => boolean | Promise<boolean>,
  patienceMs = PATIENCE_MS,
): Promise<void> {
  for (const endMs = performance.now() + patienceMs; !(await condition());) {
    if (performance.now() > endMs) throw new Error(`waited in vain until ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}
