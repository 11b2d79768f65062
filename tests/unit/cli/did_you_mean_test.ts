import { assertEquals } from "@std/assert";
import { didYouMean } from "../../../src/cli/did_you_mean.ts";

const WORDS = ["serve", "socket", "read-ahead", "retries", "map", "mount", "json"];

const CASES: readonly [string, string | undefined][] = [
  ["sevre", "serve"],
  ["serv", "serve"],
  ["sserve", "serve"],
  ["socket", "socket"],
  ["sokcet", "socket"],
  ["mpa", "map"],
  ["retry", undefined],
  ["read", "read-ahead"],
  ["re", undefined],
  ["jsno", "json"],
  ["xyz", undefined],
  ["", undefined],
  ["completely-different", undefined],
];

for (const [word, expected] of CASES) {
  Deno.test(`"${word}" is taken for ${expected ?? "nothing"}`, () => {
    assertEquals(didYouMean(word, WORDS), expected);
  });
}
