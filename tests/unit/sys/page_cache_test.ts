import { assert, assertEquals } from "@std/assert";
import { closeFd, openFile } from "../../../src/sys/fd.ts";
import { O_RDWR } from "../../../src/sys/open_flags.ts";
import { beginWriting, dropPages } from "../../../src/sys/page_cache.ts";
import { majorFaults } from "../../../src/sys/memory.ts";

Deno.test("a file is the same after its pages were written and given back", () => {
  const path = Deno.makeTempFileSync();
  const bytes = crypto.getRandomValues(new Uint8Array(65_536));
  Deno.writeFileSync(path, bytes);
  const fd = openFile(path, O_RDWR);
  try {
    beginWriting(fd);
    dropPages(fd);
    assertEquals(Deno.readFileSync(path), bytes);
  } finally {
    closeFd(fd);
    Deno.removeSync(path);
  }
});

Deno.test("page faults are counted, and their count does not fall", () => {
  const before = majorFaults();
  assert(Number.isSafeInteger(before) && before >= 0);
  // The second field of the kernel's own count, after the name in parentheses: see proc(5), majflt.
  const fields = Deno.readTextFileSync("/proc/self/stat").replace(/^.*\) /, "").split(" ");
  const kernels = Number(fields[9]);
  assert(before <= kernels && kernels <= majorFaults(), `${before} ${kernels} ${majorFaults()}`);
});
