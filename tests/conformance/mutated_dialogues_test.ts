// 1000 mutated dialogues over the real socket; the in-memory ones are in tests/unit/nbd/fuzz_test.ts.
import { assert, assertEquals } from "@std/assert";
import { bytesAt, rule, type Server } from "./harness.ts";
import { playMutatedDialogue } from "./mutated_dialogue.ts";
import { Random, seedOfRun } from "./mutation.ts";
import { CMD } from "./wire.ts";

const DIALOGUE_COUNT = 1000;
/** Until then each of the few sessions has been through most of it, and the engine has compiled what it uses. */
const WARM_UP_COUNT = 500;

rule(
  "the program survives mutated dialogues, serves the next client, and does not grow",
  async (server) => {
    const seed = seedOfRun();
    console.log(`BLKCACHE_SEED=${seed}`);
    const random = new Random(seed);
    let residentAfterWarmUp = 0;
    for (let index = 0; index < DIALOGUE_COUNT; index++) {
      await playMutatedDialogue(server, random);
      if (index === WARM_UP_COUNT) residentAfterWarmUp = await idleBytes(server);
    }
    const growth = await idleBytes(server) - residentAfterWarmUp;
    assert(growth < 64 * 1024 * 1024, `the program has grown by ${growth} bytes`);
    const client = await server.enter("structured");
    await client.request({ type: CMD.READ, offset: 4711, length: 4096 });
    assertEquals(await client.data(4096), bytesAt(4711, 4096));
    assertEquals(server.program.stderr.match(/error/g), null, server.program.stderr);
  },
);

/** Memory in use when the last client's large reply, if it was one, has been given back. */
async function idleBytes(server: Server): Promise<number> {
  let least = Infinity;
  for (let sample = 0; sample < 10; sample++) {
    const status = Deno.readTextFileSync(`/proc/${server.program.pid}/status`);
    least = Math.min(least, Number(/^VmRSS:\s+(\d+) kB$/m.exec(status)![1]) * 1024);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  return least;
}
