/// <reference lib="deno.worker" />
// Adds to a number under a lock, again and again.
import { FutexLock } from "../../../src/shared/futex_lock.ts";

self.onmessage = ({ data }: MessageEvent<{ words: SharedArrayBuffer; turns: number }>) => {
  const words = new Int32Array(data.words);
  const lock = new FutexLock(words, 0);
  for (let turn = 0; turn < data.turns; turn++) lock.hold(() => words[1]++);
  self.postMessage("done");
};
