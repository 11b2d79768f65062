import { assertEquals } from "@std/assert";
import { DomainRecorder } from "../../../src/server/domain_recorder.ts";
import type { ServerEvent } from "../../../src/server/events.ts";
import { areasOf } from "../../harness/mapfile_areas.ts";
import { TestFolder } from "../../harness/test_folder.ts";

Deno.test("a record that has no room for more keeps what it holds, says so once, and goes on", async () => {
  using folder = new TestFolder();
  const path = folder.file("domain");
  const medium = { size: 1024 * 4096, sectorSize: 512, mode: 0o600 };
  const events: ServerEvent[] = [];
  const recorder = new DomainRecorder(
    path,
    medium,
    { version: "0", commandLine: "x" },
    (event) => events.push(event),
    { maxTransitions: 8 },
  );
  for (let page = 0; page < 100; page += 2) recorder.touched.note(page * 4096, 4096);
  assertEquals(await recorder.save(), false);
  const first = areasOf(path).filter(({ status }) => status === "+");
  assertEquals(first[0], { start: 0, end: 4096, status: "+" });
  // What joins has room again.
  recorder.touched.note(0, 100 * 4096);
  assertEquals(await recorder.end(), true);
  assertEquals(areasOf(path).filter(({ status }) => status === "+"), [
    { start: 0, end: 100 * 4096, status: "+" },
  ]);
  assertEquals(events.map(({ event }) => event), ["warning"]);
});

Deno.test("a recorder that has ended holds nothing open", async () => {
  using folder = new TestFolder();
  const medium = { size: 4096, sectorSize: 512, mode: 0o600 };
  const about = { version: "0", commandLine: "x" };
  const held = () =>
    Array.from(Deno.readDirSync("/proc/self/fd"), ({ name }) => linkOf(name))
      .filter((path) => path.startsWith(folder.path));
  const recorder = new DomainRecorder(folder.file("domain"), medium, about, () => {});
  recorder.touched.note(0, 4096);
  assertEquals(await recorder.save(), true);
  assertEquals(held(), [folder.path]);
  assertEquals(await recorder.end(), true);
  assertEquals(held(), []);
});

/** What a descriptor of this process leads to; "" when it has been closed meanwhile. */
function linkOf(fd: string): string {
  try {
    return Deno.readLinkSync(`/proc/self/fd/${fd}`);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return "";
    throw error;
  }
}
