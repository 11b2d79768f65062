// What was measured, and where, so that anybody can repeat it.

import { tryTool } from "../harness/tool.ts";
import { blkcacheCommand } from "./servers.ts";

const VERSIONS: readonly (readonly string[])[] = [
  [...blkcacheCommand(), "--version"],
  ["nbdkit", "--version"],
  ["qemu-nbd", "--version"],
  ["nbd-server", "-V"],
  ["ddrescue", "--version"],
  ["nbdcopy", "--version"],
  ["fio", "--version"],
];

/** One line each: the machine, the system, the programs. @param programs commands that say their version. */
export async function environment(programs = VERSIONS): Promise<string[]> {
  const cpu = /^model name\s*: (.*)$/m.exec(Deno.readTextFileSync("/proc/cpuinfo"))?.[1];
  const lines = [
    `${navigator.hardwareConcurrency} x ${cpu ?? Deno.build.arch}, Linux ${Deno.osRelease()}`,
    `load before the start: ${Deno.loadavg().map((load) => load.toFixed(2)).join(" ")}`,
    `Deno ${Deno.version.deno}`,
  ];
  for (const [name, ...args] of programs) lines.push(await firstLine(name, args));
  return lines;
}

async function firstLine(name: string, args: readonly string[]): Promise<string> {
  try {
    const { stdout, stderr } = await tryTool(name, args);
    return (stdout + stderr).trim().split("\n")[0];
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) throw new Error(`"${name}" is not installed`);
    throw error;
  }
}
