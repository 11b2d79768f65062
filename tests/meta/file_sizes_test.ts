// Files of src are read in one sitting, and a short one needs a reason to stand alone.
import { assertEquals } from "@std/assert";
import { sourceFiles } from "./source_files.ts";

const SHORT_LINES = 20;
/** How many short files there may be: those that several folders use and that no neighbour could take in. */
const MOST_SHORT_FILES = 10;

function lines(text: string): number {
  return text.split("\n").length - 1;
}

Deno.test("few files are shorter than 20 lines", () => {
  const short = sourceFiles().filter(({ text }) => lines(text) < SHORT_LINES);
  const names = short.map(({ path }) => path);
  assertEquals(names.length <= MOST_SHORT_FILES, true, `${names.length}: ${names.join(" ")}`);
});
