// What /proc says of a process.

/** Memory in use: the resident set, in bytes. */
export function residentBytes(pid: number): number {
  const status = Deno.readTextFileSync(`/proc/${pid}/status`);
  return Number(/^VmRSS:\s*(\d+) kB$/m.exec(status)![1]) * 1024;
}

/** Of the files that it runs from, its libraries included, bytes. */
export function programBytes(pid: number): number {
  const maps = Deno.readTextFileSync(`/proc/${pid}/maps`);
  const code = maps.matchAll(/^\S+ r-x\S* \S+ \S+ \S+ +(\/.*)$/gm);
  const files = new Set([...code].map(([, path]) => path));
  return [...files].reduce((sum, path) => sum + Deno.statSync(path).size, 0);
}
