// The table of deliberate faults keeps up with the sources: `deno task mutate` puts them in.
import { assertEquals } from "@std/assert";
import { exists } from "../harness/test_folder.ts";
import { troubles } from "../mutation/check_faults.ts";
import { type Fault, FAULTS } from "../mutation/faults.ts";

const ROOT = new URL("../../", import.meta.url).pathname;

Deno.test("each fault fits into the sources at one place, and its tests are there", async () => {
  const stale = Array.from(
    await troubles(FAULTS),
    ([{ name, file }, trouble]) => `src/${file}: ${name}: ${trouble}`,
  );
  const missing = FAULTS.flatMap(({ tests }) => tests).filter((test) =>
    !exists(`${ROOT}tests/${test}`)
  );
  assertEquals([...stale, ...missing], [], "change tests/mutation/faults.ts with the sources");
});

Deno.test("a fault that does not fit is found out, whatever is the matter with it", async () => {
  const file = "base/assert.ts";
  const text = "export function assert(";
  const make = (change: Partial<Fault>): Fault => ({
    name: "",
    file,
    text,
    by: "",
    tests: [],
    ...change,
  });
  const faults = [
    make({ by: `${text} ` }),
    make({ text: "no such text" }),
    make({ by: text }),
    make({ by: "export function (" }),
  ];
  assertEquals([...(await troubles(faults)).values()], [
    "its text is there 0 times",
    "it changes nothing",
    "it cannot be parsed",
  ]);
});

Deno.test("faults have names of their own", () => {
  const names = FAULTS.map(({ name }) => name);
  assertEquals(names.filter((name, index) => names.indexOf(name) !== index), []);
});
