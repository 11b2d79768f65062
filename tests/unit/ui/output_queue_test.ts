import { assertEquals } from "@std/assert";
import { OutputQueue, type Sink } from "../../../src/ui/output_queue.ts";

/** Takes at most `most` bytes a call, as a full pipe does; `answers` come first. */
function slowSink(most: number, answers: (() => number)[] = []): Sink & { text: string } {
  return {
    text: "",
    write(bytes) {
      const answer = answers.shift();
      if (answer) return new Promise((resolve) => resolve(answer()));
      const taken = bytes.subarray(0, most);
      this.text += new TextDecoder().decode(taken);
      return Promise.resolve(taken.length);
    },
  };
}

function failing(error: Error): () => number {
  return () => {
    throw error;
  };
}

Deno.test("everything gets out in order, however little is taken at a time", async () => {
  const queue = new OutputQueue();
  const sink = slowSink(3);
  for (let i = 0; i < 10; i++) queue.write(sink, `line ${i}\n`);
  await queue.flush();
  assertEquals(sink.text, Array.from({ length: 10 }, (_, i) => `line ${i}\n`).join(""));
});

Deno.test("a reader that has gone away silences its sink and no other", async () => {
  const queue = new OutputQueue();
  const gone = slowSink(9, [failing(new Deno.errors.BrokenPipe("gone"))]);
  const here = slowSink(9);
  queue.write(gone, "a");
  queue.write(here, "b");
  queue.write(gone, "c");
  await queue.flush();
  queue.write(gone, "d");
  queue.write(here, "e");
  await queue.flush();
  assertEquals([gone.text, here.text], ["", "be"]);
});

Deno.test("a terminal that somebody made non-blocking is tried again", async () => {
  const queue = new OutputQueue();
  const sink = slowSink(9, [failing(new Deno.errors.WouldBlock("later"))]);
  queue.write(sink, "text");
  await queue.flush();
  assertEquals(sink.text, "text");
});

Deno.test("a stopped reader costs neither time nor memory without end", async () => {
  const queue = new OutputQueue();
  let calls = 0;
  const stopped = Promise.withResolvers<number>();
  const sink: Sink = { write: () => (calls++, stopped.promise) };
  const line = "x".repeat(1023) + "\n";
  for (let i = 0; i < 3000; i++) queue.write(sink, line);
  // Without its limit this would never return.
  await queue.flush(10);
  let rest = 0;
  const taking: Sink = { write: (bytes) => Promise.resolve((rest += bytes.length, bytes.length)) };
  sink.write = taking.write;
  stopped.resolve(line.length);
  await queue.flush();
  assertEquals(calls, 1);
  assertEquals(rest <= 1 << 20, true, `${rest} bytes were kept`);
});
