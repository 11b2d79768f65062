// The client of the soak that is timed: random reads of 4 KiB, one after the other, some a second, as somebody who
// works with files does. A process of its own: `soak_good_client.ts SOCKET SIZE SECONDS SEED` prints its times as
// JSON, in milliseconds.

import { Random } from "../conformance/mutation.ts";
import { READ_BYTES, TimedClient } from "./head_of_line_client.ts";

/** Between two reads: the server's time is what is measured, not the client's. */
const PAUSE_MS = 5;
/** A read that takes longer is counted as late, and waited for. */
const PATIENCE_MS = 60_000;

const [socket = "", size = "0", seconds = "0", seed = "1"] = Deno.args;
const random = new Random(Number(seed));
const blocks = Math.floor(Number(size) / READ_BYTES);
const endMs = performance.now() + Number(seconds) * 1000;
const times: number[] = [];
let late = 0;
let failure: string | undefined;
try {
  using client = new TimedClient(socket);
  while (performance.now() < endMs) {
    const offset = random.below(blocks) * READ_BYTES;
    times.push(client.timedRead(offset, PATIENCE_MS, () => late++));
    await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
  }
} catch (error) {
  failure = String(error);
}
times.sort((one, other) => one - other);
const at = (share: number) => times[Math.min(times.length - 1, Math.floor(times.length * share))];
console.log(JSON.stringify({
  reads: times.length,
  late,
  medianMs: at(0.5),
  p99Ms: at(0.99),
  longestMs: times.at(-1),
  failure,
}));
