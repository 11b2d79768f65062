// Fuzzed requests to the real program, over read-only, overlay and write-through exports: each must succeed with
// the right bytes or be refused, as a model says, and the server must survive mutated dialogues in between.

import { assert, assertEquals } from "@std/assert";
import { bytesAt, type Client, type Mode, MODES, Server } from "../conformance/harness.ts";
import { playMutatedDialogue } from "../conformance/mutated_dialogue.ts";
import { Random, seedOfRun } from "../conformance/mutation.ts";
import { CHUNK, CMD, dataOf, errnoOf, FLAG, offsetOf, type Request } from "../conformance/wire.ts";
import { assertSameBytes, TestFolder } from "../harness/test_folder.ts";
import { checkPrintableLines, countOf, peakBytes } from "./fuzz_counts.ts";
import { changes, ExportModel } from "./export_model.ts";

const SIZE = 2049 * 512;
/** Of all three exports together. */
const REQUESTS = countOf(10_000, 100_000);
/** Requests of one connection. */
const PER_CONNECTION = 250;
/** A mutated dialogue after so many connections. */
const DIALOGUES = 3;
/** To an export that can be written to. */
const WRITABLE_DIALOGUES = countOf(20, 1_000);
const MIB = 1024 * 1024;
const MOST_GROWTH_BYTES = 64 * MIB;
/** At any moment after the first half, more than at the end of that half. */
const MOST_PEAK_BYTES = 192 * MIB;

/** Edges of numbers, of the device, and of what a server takes. */
const OFFSETS = [0, 1, 511, 512, 4095, 4096, 65_535, 65_536, SIZE - 1, SIZE, SIZE + 1]
  .map(BigInt).concat(
    [31n, 32n, 53n, 62n, 63n].flatMap((bits) => [2n ** bits - 1n, 2n ** bits]),
    [2n ** 64n - 1n],
  );
const LENGTHS = [0, 1, 2, 511, 512, 513, 4096, 32_767, 32_768, 65_537, 2 ** 20, SIZE, SIZE + 1]
  .concat([2 ** 25, 2 ** 25 + 1, 2 ** 31, 2 ** 32 - 1]);
/** A payload that the server has to take in before it can refuse it. */
const MOST_PAYLOAD = 2 ** 18;

const EXPORTS: readonly [name: string, isWritable: boolean, args: (dir: string) => string[]][] = [
  ["read-only", false, () => []],
  ["overlay", true, (dir) => [`--overlay=${dir}/overlay`]],
  ["write-through", true, () => ["--write-through"]],
];

for (const [name, isWritable, args] of EXPORTS) {
  Deno.test(`${name}: fuzzed requests succeed with the right bytes or are refused`, async () => {
    const seed = seedOfRun();
    console.log(`BLKCACHE_SEED=${seed}`);
    const random = new Random(seed);
    using folder = new TestFolder();
    await using server = await Server.start(folder.path, { size: SIZE, args: args(folder.path) });
    let bytes = bytesAt(0, SIZE);
    let afterFirst = 0;
    let peakOfFirst = 0;
    try {
      const connections = Math.ceil(REQUESTS / EXPORTS.length / PER_CONNECTION);
      for (let index = 0; index < connections; index++) {
        const mode = random.pick(MODES);
        const model = new ExportModel(SIZE, mode, isWritable, bytes);
        await playRequests(server, random, mode, model);
        bytes = model.bytes;
        if (index % DIALOGUES === 0 && !isWritable) await playMutatedDialogue(server, random);
        if (index !== Math.floor(connections / 2)) continue;
        afterFirst = residentBytes(server);
        peakOfFirst = peakBytes(server.program.pid);
      }
    } catch (error) {
      const { stderr } = server.program;
      throw new Error(`BLKCACHE_SEED=${seed}; the program has said:\n${stderr}`, { cause: error });
    }
    const growth = residentBytes(server) - afterFirst;
    assert(growth < MOST_GROWTH_BYTES, `the program has grown by ${growth} bytes`);
    const peak = peakBytes(server.program.pid) - peakOfFirst;
    assert(peak < MOST_PEAK_BYTES, `the program has had ${peak} bytes more at a time`);
    const client = await server.enter("structured");
    assertSameBytes((await readAll(client)).slice(), bytes, "the export");
    const original = bytesAt(0, SIZE);
    const onDevice = Deno.readFileSync(folder.file("device"));
    assertSameBytes(onDevice, name === "write-through" ? bytes : original, "the device");
    // A dialogue may write whatever it likes, so that these come last.
    if (isWritable) await playDialogues(server, random, seed);
    const { stdout, stderr } = server.program;
    assertEquals(stderr.match(/error|bug/g), null, stderr);
    checkPrintableLines(stdout, stderr);
  });
}

/** One connection's requests: some at a time, as long as none of them depends on another's effect. */
async function playRequests(
  server: Server,
  random: Random,
  mode: Mode,
  model: ExportModel,
): Promise<void> {
  const client = await server.enter(mode);
  let cookie = 0n;
  for (let count = 0; count < PER_CONNECTION;) {
    const batch: Request[] = [];
    const most = 1 + random.below(8);
    let alone: Request | undefined;
    while (batch.length < most && alone === undefined) {
      const request = { ...fuzzed(random, mode), cookie: cookie++ };
      // A read may be answered from before or after a change that was asked for meanwhile.
      if (changes(request.type)) alone = request;
      else batch.push(request);
    }
    for (const requests of [batch, alone === undefined ? [] : [alone]]) {
      await client.request(...requests);
      await checkReplies(client, mode, model, requests);
    }
    count += batch.length + (alone === undefined ? 0 : 1);
    // Whatever was given up reads as zeros or as before: it is looked at and remembered.
    if (alone?.type === CMD.TRIM && model.mustSucceed(alone) !== false) {
      await relearn(client, model, alone, cookie++);
    }
  }
  await client.request({ type: CMD.DISC });
  client.close();
}

function fuzzed(random: Random, mode: Mode): Request {
  const type = random.below(20) === 0
    ? random.pick([CMD.BLOCK_STATUS, 8, 9, 77, 0xffff])
    : random.pick([CMD.READ, CMD.READ, CMD.READ, CMD.WRITE, CMD.WRITE, CMD.FLUSH, CMD.TRIM]) ??
      CMD.READ;
  const chosen = random.below(8) === 0 ? random.pick([CMD.CACHE, CMD.WRITE_ZEROES]) : type;
  const isWild = random.below(3) === 0;
  const offset = isWild ? random.pick(OFFSETS) : BigInt(random.below(SIZE));
  let length = isWild ? random.pick(LENGTHS) : 1 + random.below(70_000);
  if (!isWild && random.below(2) === 0) length = Math.min(length, SIZE - Number(offset));
  let flags = random.below(4) === 0 ? 1 << random.below(7) : 0;
  if (chosen !== CMD.WRITE) {
    // With it the length is that of a payload, and everything after it would be one.
    flags &= ~FLAG.PAYLOAD_LEN;
    return { type: chosen, flags, offset, length };
  }
  if (mode === "extended" && random.below(10) > 0) flags |= FLAG.PAYLOAD_LEN;
  const isPayload = mode !== "extended" || (flags & FLAG.PAYLOAD_LEN) !== 0;
  length = Math.min(length, MOST_PAYLOAD);
  const payload = isPayload ? pattern(random.below(2 ** 16), length) : new Uint8Array(0);
  return { type: chosen, flags, offset, length, payload };
}

/** Bytes that differ from those of another seed, and from their neighbours. */
function pattern(seed: number, length: number): Uint8Array {
  const bytes = new Uint8Array(length);
  for (let at = 0; at < length; at++) bytes[at] = seed + at * 31 + (at >>> 8) * (seed >>> 8);
  return bytes;
}

/** One reply for each request, in any order; chunks of several may be mixed. */
async function checkReplies(
  client: Client,
  mode: Mode,
  model: ExportModel,
  batch: readonly Request[],
): Promise<void> {
  const open = new Map(batch.map((request) => [BigInt(request.cookie!), request]));
  const data = new Map<bigint, Uint8Array>();
  const errors = new Map<bigint, number>();
  while (open.size > 0) {
    let cookie: bigint;
    if (mode === "simple") {
      const reply = await client.simpleReply(0);
      ({ cookie } = reply);
      const request = known(open, cookie);
      if (reply.errno !== 0) errors.set(cookie, reply.errno);
      else if (request.type === CMD.READ) {
        data.set(cookie, await client.read(Number(request.length)));
      }
    } else {
      const chunk = await (mode === "extended" ? client.extendedChunk() : client.chunk());
      ({ cookie } = chunk);
      const request = known(open, cookie);
      if (chunk.type === CHUNK.OFFSET_DATA) {
        const bytes = data.get(cookie) ?? new Uint8Array(Number(request.length));
        bytes.set(dataOf(chunk), offsetOf(chunk) - Number(request.offset));
        data.set(cookie, bytes);
      } else if (chunk.type !== CHUNK.NONE) {
        errors.set(cookie, errnoOf(chunk));
      }
      if (!chunk.done) continue;
    }
    const request = known(open, cookie);
    open.delete(cookie);
    check(model, request, errors.get(cookie) ?? 0, data.get(cookie));
  }
}

function known(open: ReadonlyMap<bigint, Request>, cookie: bigint): Request {
  const request = open.get(cookie);
  if (request === undefined) throw new Error(`nobody has asked for cookie ${cookie}`);
  return request;
}

function check(
  model: ExportModel,
  request: Request,
  errno: number,
  data: Uint8Array | undefined,
): void {
  const what = JSON.stringify(
    { ...request, payload: undefined },
    (_, value) => typeof value === "bigint" ? String(value) : value,
  );
  const expected = model.mustSucceed(request);
  if (expected !== undefined) assertEquals(errno === 0, expected, `errno ${errno} for ${what}`);
  if (errno !== 0) return;
  if (request.type === CMD.READ) {
    const start = Number(request.offset);
    const right = model.bytes.slice(start, start + Number(request.length));
    assertSameBytes((data ?? new Uint8Array(0)).slice(), right, what);
  }
  model.apply(request);
}

async function relearn(
  client: Client,
  model: ExportModel,
  { offset = 0, length = 0 }: Request,
  cookie: bigint,
): Promise<void> {
  const start = Number(offset);
  await client.request({ type: CMD.READ, cookie, offset: start, length });
  const now = await client.data(Number(length));
  const before = model.bytes.subarray(start, start + Number(length));
  for (let index = 0; index < now.length; index++) {
    const isRight = now[index] === 0 || now[index] === before[index];
    assert(isRight, `a byte that was given up is another one, at ${start + index}`);
  }
  model.bytes.set(now, start);
}

async function readAll(client: Client): Promise<Uint8Array> {
  await client.request({ type: CMD.READ, length: SIZE });
  return await client.data(SIZE);
}

/** A server that takes writes survives them too. */
async function playDialogues(server: Server, random: Random, seed: number): Promise<void> {
  try {
    for (let count = 0; count < WRITABLE_DIALOGUES; count++) {
      await playMutatedDialogue(server, random);
    }
    await readAll(await server.enter("structured"));
  } catch (error) {
    throw new Error(`a dialogue of BLKCACHE_SEED=${seed}`, { cause: error });
  }
}

function residentBytes({ program }: Server): number {
  const status = Deno.readTextFileSync(`/proc/${program.pid}/status`);
  return Number(/^VmRSS:\s+(\d+) kB$/m.exec(status)![1]) * 1024;
}
