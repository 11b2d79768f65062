import { assertEquals } from "@std/assert";
import { Interrupts } from "../../../src/fuse/interrupts.ts";

Deno.test("every thread finds every interrupt once, in order, from its beginning on", () => {
  const memory = Interrupts.memory();
  const [one, two] = [new Interrupts(memory), new Interrupts(memory)];
  const found = (interrupts: Interrupts) => {
    const all = [];
    while (interrupts.next()) all.push([interrupts.high, interrupts.low]);
    return all;
  };
  one.post(1, -2);
  two.post(3, 4);
  assertEquals(found(one), [[1, -2], [3, 4]]);
  assertEquals(found(one), []);
  one.post(5, 6);
  assertEquals(found(two), [[1, -2], [3, 4], [5, 6]]);
  assertEquals(found(new Interrupts(memory)), []);
  assertEquals(found(one), [[5, 6]]);
});

Deno.test("a thread that has missed very many finds the latest ones", () => {
  const memory = Interrupts.memory();
  const [one, two] = [new Interrupts(memory), new Interrupts(memory)];
  for (let low = 0; low < 5000; low++) one.post(0, low);
  let last = -1;
  let count = 0;
  while (two.next()) {
    if (last >= 0) assertEquals(two.low, last + 1);
    last = two.low;
    count++;
  }
  assertEquals([last, count], [4999, 1024]);
});

Deno.test("turns go on past 2^31", () => {
  const memory = Interrupts.memory();
  new Int32Array(memory)[0] = 0x7fffffff;
  const [one, two] = [new Interrupts(memory), new Interrupts(memory)];
  for (let low = 0; low < 3; low++) {
    one.post(0, low);
    assertEquals([two.next(), two.low, two.next()], [true, low, false]);
  }
});
