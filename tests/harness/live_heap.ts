// What is reachable in this isolate, without the garbage that V8 has not got round to yet: how much of that there is
// depends on the memory of the machine.

import v8 from "node:v8";
import vm from "node:vm";

v8.setFlagsFromString("--expose-gc");
/** The whole collection of V8, which a new context shows once the flag is set. */
const collect: () => void = vm.runInNewContext("gc");

/** Bytes of objects and of their array buffers that are still in use. */
export function liveHeap(): number {
  collect();
  const { heapUsed, external } = Deno.memoryUsage();
  return heapUsed + external;
}
