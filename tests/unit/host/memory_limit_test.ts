import { assert, assertEquals } from "@std/assert";
import { memoryLimit } from "../../../src/host/memory_limit.ts";

const MIB = 1024 * 1024;

function limitOf(files: Record<string, string>): number {
  return memoryLimit((path) => files[path]);
}

Deno.test("the least of what the machine has left and of what the groups allow", () => {
  const meminfo = { "/proc/meminfo": "MemTotal: 9 kB\nMemAvailable:     204800 kB\n" };
  const table: [name: string, files: Record<string, string>, limit: number][] = [
    ["nothing is known", {}, Infinity],
    ["the machine", meminfo, 200 * MIB],
    [
      "version 2",
      {
        ...meminfo,
        "/proc/self/cgroup": "0::/a/b\n",
        "/sys/fs/cgroup/a/b/memory.max": "max\n",
        "/sys/fs/cgroup/a/memory.max": `${96 * MIB}\n`,
        "/sys/fs/cgroup/memory.max": `${120 * MIB}\n`,
      },
      96 * MIB,
    ],
    [
      "version 1",
      {
        ...meminfo,
        "/proc/self/cgroup": "5:cpu,cpuacct:/x\n4:memory:/a\n0::/\n",
        "/sys/fs/cgroup/memory/a/memory.limit_in_bytes": `${64 * MIB}\n`,
        "/sys/fs/cgroup/memory/memory.limit_in_bytes": "9223372036854771712\n",
      },
      64 * MIB,
    ],
    [
      "the root of a container",
      { "/proc/self/cgroup": "0::/\n", "/sys/fs/cgroup/memory.max": "134217728\n" },
      128 * MIB,
    ],
    ["groups of other things", { ...meminfo, "/proc/self/cgroup": "3:pids:/a\n" }, 200 * MIB],
    ["junk", { "/proc/meminfo": "MemAvailable: x", "/proc/self/cgroup": "::\n\n7" }, Infinity],
  ];
  for (const [name, files, limit] of table) assertEquals(limitOf(files), limit, name);
});

Deno.test("this machine has some memory", () => {
  assert(memoryLimit() > 0);
});
