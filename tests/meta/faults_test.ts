// The table of deliberate faults keeps up with the sources: `deno task mutate` puts them in.
import { assertEquals } from "@std/assert";
import { exists } from "../harness/test_folder.ts";
import { FAULTS } from "../mutation/faults.ts";

const ROOT = new URL("../../", import.meta.url).pathname;

Deno.test("each fault fits into the sources at one place, and its tests are there", () => {
  const stale = FAULTS.flatMap(({ name, file, text, by, tests }) => {
    const places = Deno.readTextFileSync(`${ROOT}src/${file}`).split(text).length - 1;
    return [
      ...places === 1 ? [] : [`its text is ${places} times in src/${file}: ${name}`],
      ...text === by ? [`it changes nothing: ${name}`] : [],
      ...tests.filter((test) => !exists(`${ROOT}tests/${test}`)).map((test) => `no ${test}`),
    ];
  });
  assertEquals(stale, [], "change tests/mutation/faults.ts with the sources");
});

Deno.test("faults have names of their own", () => {
  const names = FAULTS.map(({ name }) => name);
  assertEquals(names.filter((name, index) => names.indexOf(name) !== index), []);
});
