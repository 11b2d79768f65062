import { assert, assertEquals, assertMatch } from "@std/assert";
import { ParkedReads } from "../../../src/nbd/parked_reads.ts";
import {
  CLIENT_FLAGS,
  concat,
  INFO,
  infoPayload,
  metaPayload,
  OPT,
  option,
  type OptionReply,
  REP,
  request,
  text,
  u16,
  u32,
  u64,
} from "../../conformance/wire.ts";
import { ArrayBackend } from "./array_backend.ts";
import { MemoryPeer, type Step } from "./memory_peer.ts";
import { type Served, serveDialogue } from "./serve_dialogue.ts";

const EXPORT = { name: "disc", description: "a disc in /dev/sr0" };
const STRUCTURED = option(OPT.STRUCTURED_REPLY);
const EXTENDED = option(OPT.EXTENDED_HEADERS);
const GO = option(OPT.GO, infoPayload("disc"));
const FLAGS_SIMPLE = 0b101_0000_1111;
const FLAGS_STRUCTURED = 0b101_1000_1111;

/** Plays a dialogue after the client's flags. */
async function negotiate(...steps: Step[]) {
  const { peer, backend, target } = stage();
  peer.plays(CLIENT_FLAGS, ...steps);
  return { backend, ...await run(peer, target) };
}

function stage() {
  const peer = new MemoryPeer();
  const backend = new ArrayBackend(peer.output, { sectorSize: 2048 });
  return { peer, backend, target: new ParkedReads(backend) as Served };
}

async function run(peer: MemoryPeer, target: Served, hasPlace = () => true) {
  const end = serveDialogue(peer, EXPORT, target, { timeoutMs: 0, now: peer.now, hasPlace });
  const replies = peer.replies();
  assertEquals(await replies.greeting(), 3);
  return { end, replies, peer };
}

function types(replies: readonly OptionReply[]): number[] {
  return replies.map(({ type }) => type);
}

Deno.test("the last reply to each of these options is as the specification wants it", async () => {
  const noName = concat(u32(100), text("disc"), u16(0));
  const table: [string, Uint8Array[], number][] = [
    ["an unknown option", [option(77, text("hello"))], REP.ERR_UNSUP],
    ["an unknown option with much data", [option(77, new Uint8Array(20_000))], REP.ERR_UNSUP],
    ["TLS", [option(OPT.STARTTLS)], REP.ERR_UNSUP],
    ["the withdrawn PEEK_EXPORT", [option(4)], REP.ERR_UNSUP],
    ["LIST with data", [option(OPT.LIST, text("x"))], REP.ERR_INVALID],
    ["STRUCTURED_REPLY with data", [option(OPT.STRUCTURED_REPLY, text("x"))], REP.ERR_INVALID],
    ["EXTENDED_HEADERS with data", [option(OPT.EXTENDED_HEADERS, text("x"))], REP.ERR_INVALID],
    ["STRUCTURED_REPLY", [STRUCTURED], REP.ACK],
    ["STRUCTURED_REPLY twice", [STRUCTURED, STRUCTURED], REP.ERR_INVALID],
    ["EXTENDED_HEADERS", [EXTENDED], REP.ACK],
    ["EXTENDED_HEADERS after STRUCTURED_REPLY", [STRUCTURED, EXTENDED], REP.ACK],
    ["EXTENDED_HEADERS twice", [EXTENDED, EXTENDED], REP.ERR_INVALID],
    ["STRUCTURED_REPLY after EXTENDED", [EXTENDED, STRUCTURED], REP.ERR_EXT_HEADER_REQD],
    ["INFO", [option(OPT.INFO, infoPayload("disc"))], REP.ACK],
    ["INFO for another name", [option(OPT.INFO, infoPayload("disk"))], REP.ERR_UNKNOWN],
    ["INFO for the default name", [option(OPT.INFO, infoPayload(""))], REP.ERR_UNKNOWN],
    ["INFO without data", [option(OPT.INFO)], REP.ERR_INVALID],
    ["INFO with a name past the end", [option(OPT.INFO, noName)], REP.ERR_INVALID],
    ["INFO without a count", [option(OPT.INFO, concat(u32(4), text("disc")))], REP.ERR_INVALID],
    [
      "INFO with fewer requests than counted",
      [option(OPT.INFO, concat(u32(4), text("disc"), u16(2), u16(0)))],
      REP.ERR_INVALID,
    ],
    [
      "INFO with bytes left over",
      [option(OPT.INFO, concat(infoPayload("disc"), text("x")))],
      REP.ERR_INVALID,
    ],
    ["INFO of an unknown kind", [option(OPT.INFO, infoPayload("disc", [99]))], REP.ACK],
    [
      "INFO with a name of more than 4096 bytes",
      [option(OPT.INFO, infoPayload("x".repeat(5000)))],
      REP.ERR_INVALID,
    ],
    ["a name of 4096 bytes", [option(OPT.INFO, infoPayload("x".repeat(4096)))], REP.ERR_UNKNOWN],
    [
      "a name of 20,000 bytes",
      [option(OPT.INFO, infoPayload("x".repeat(20_000)))],
      REP.ERR_TOO_BIG,
    ],
    ["GO for another name", [option(OPT.GO, infoPayload("disk"))], REP.ERR_UNKNOWN],
    [
      "LIST_META_CONTEXT without structured replies",
      [option(OPT.LIST_META_CONTEXT, metaPayload("disc", []))],
      REP.ERR_INVALID,
    ],
    [
      "SET_META_CONTEXT without structured replies",
      [option(OPT.SET_META_CONTEXT, metaPayload("disc", ["base:allocation"]))],
      REP.ERR_INVALID,
    ],
    [
      "SET_META_CONTEXT for another name",
      [STRUCTURED, option(OPT.SET_META_CONTEXT, metaPayload("disk", ["base:allocation"]))],
      REP.ERR_UNKNOWN,
    ],
    [
      "SET_META_CONTEXT with four billion queries",
      [STRUCTURED, option(OPT.SET_META_CONTEXT, concat(u32(4), text("disc"), u32(0xffffffff)))],
      REP.ERR_INVALID,
    ],
    [
      "SET_META_CONTEXT with a query past the end",
      [STRUCTURED, option(OPT.SET_META_CONTEXT, concat(u32(4), text("disc"), u32(1), u32(9)))],
      REP.ERR_INVALID,
    ],
  ];
  for (const [what, options, expected] of table) {
    // Whatever the answer: negotiation goes on, nothing is parsed from the wrong place.
    const { end, replies } = await negotiate(...options, GO);
    let last: OptionReply[] = [];
    for (const _ of options) last = await replies.optionReplies();
    assertEquals(last.at(-1)!.type, expected, what);
    if (expected >= 2 ** 31) assert(last.at(-1)!.sentence.length > 5, `${what}: no sentence`);
    assertEquals(types(await replies.optionReplies()), [REP.INFO, REP.ACK], what);
    assertEquals([end.reason, replies.left()], ["gone", 0], what);
  }
});

Deno.test("options that cannot be answered close the connection", async () => {
  const table: [string, Uint8Array, RegExp][] = [
    ["wrong magic", concat(text("IHAVEOPS"), u32(3), u32(0)), /magic/],
    ["another name", option(OPT.EXPORT_NAME, text("disk")), /the only export is "disc"/],
    ["a long name", option(OPT.EXPORT_NAME, new Uint8Array(17_000)), /17000 bytes/],
    [
      "EXPORT_NAME after extended headers",
      concat(EXTENDED, option(OPT.EXPORT_NAME, text("disc"))),
      /extended/,
    ],
    ["an option of 2 GiB", option(OPT.LIST, new Uint8Array(), 2 ** 31), /2147483648 bytes/],
    ["200 options", concat(...Array.from({ length: 200 }, () => option(OPT.LIST))), /128 options/],
  ];
  for (const [what, bytes, message] of table) {
    const { end } = await negotiate(bytes);
    assertEquals(end.reason, "violation", what);
    assertMatch(end.message, message, what);
  }
});

Deno.test("an option of 2 GiB is refused before its data has come", async () => {
  const { replies } = await negotiate(option(OPT.LIST, new Uint8Array(), 2 ** 31));
  assertEquals(types(await replies.optionReplies()), [REP.ERR_TOO_BIG]);
});

Deno.test("unknown client flags close the connection", () => {
  for (const flags of [4, 0x80000000, 7]) {
    const { peer, target } = stage();
    peer.plays(u32(flags));
    const end = serveDialogue(peer, EXPORT, target, { timeoutMs: 0 });
    assertEquals([end.reason, peer.sent.length], ["violation", 1]);
  }
});

Deno.test("LIST names the export and describes it", async () => {
  const { replies } = await negotiate(option(OPT.LIST));
  const [server, ack] = await replies.optionReplies();
  assertEquals([server!.type, ack!.type], [REP.SERVER, REP.ACK]);
  assertEquals(server!.payload, concat(u32(4), text("disc"), text(EXPORT.description)));
});

Deno.test("INFO and GO give what is asked for, once, and agree", async () => {
  const payload = infoPayload("disc", [INFO.BLOCK_SIZE, INFO.NAME, INFO.NAME, 9, INFO.DESCRIPTION]);
  const { replies, backend } = await negotiate(option(OPT.INFO, payload), option(OPT.GO, payload));
  const info = await replies.optionReplies();
  const go = await replies.optionReplies();
  assertEquals(go.map((reply) => reply.payload), info.map((reply) => reply.payload));
  assertEquals(types(info), [REP.INFO, REP.INFO, REP.INFO, REP.INFO, REP.ACK]);
  assertEquals(info.slice(0, 4).map((reply) => reply.payload), [
    concat(u16(INFO.EXPORT), u64(backend.size), u16(FLAGS_SIMPLE)),
    concat(u16(INFO.NAME), text("disc")),
    concat(u16(INFO.DESCRIPTION), text(EXPORT.description)),
    concat(u16(INFO.BLOCK_SIZE), u32(1), u32(4096), u32(32 * 1024 * 1024)),
  ]);
});

Deno.test("NBD_FLAG_SEND_DF is set with structured replies and extended headers only", async () => {
  for (
    const [options, flags] of [[[STRUCTURED], FLAGS_STRUCTURED], [
      [EXTENDED],
      FLAGS_STRUCTURED,
    ]] as const
  ) {
    const { replies } = await negotiate(...options, GO);
    await replies.optionReplies();
    const [info] = await replies.optionReplies();
    assertEquals(info!.payload.subarray(10), u16(flags));
  }
});

Deno.test("EXPORT_NAME is answered with the size, the flags, and zeroes unless they were declined", async () => {
  for (const [clientFlags, zeroes] of [[1, 124], [3, 0], [0, 124], [2, 0]] as const) {
    const { peer, backend, target } = stage();
    peer.plays(u32(clientFlags), option(OPT.EXPORT_NAME, text("disc")));
    const { replies } = await run(peer, target);
    const expected = concat(u64(backend.size), u16(FLAGS_SIMPLE), new Uint8Array(zeroes));
    assertEquals(await replies.read(expected.length), expected);
    assertEquals(replies.left(), 0);
  }
});

Deno.test("ABORT is acknowledged, whatever it carries, and ends the session", async () => {
  for (const payload of [new Uint8Array(), text("bye")]) {
    const { end, replies, peer } = await negotiate(option(OPT.ABORT, payload), GO);
    assertEquals(types(await replies.optionReplies()), [REP.ACK]);
    assertEquals([end.reason, replies.left(), peer.stepsLeft], ["left", 0, 1]);
  }
});

Deno.test("LIST_META_CONTEXT finds contexts by name and by namespace", async () => {
  const table: [string[], string[]][] = [
    [[], ["base:allocation", "x-blkcache:state"]],
    [["base:"], ["base:allocation"]],
    [["x-blkcache:"], ["x-blkcache:state"]],
    [["x-blkcache:state", "base:allocation"], ["base:allocation", "x-blkcache:state"]],
    [["base:alloc", "qemu:dirty-bitmap:x", "nonsense", ""], []],
  ];
  for (const [queries, expected] of table) {
    const { replies } = await negotiate(
      STRUCTURED,
      option(OPT.LIST_META_CONTEXT, metaPayload("disc", queries)),
    );
    await replies.optionReplies();
    const contexts = await replies.optionReplies();
    assertEquals(contexts.pop()!.type, REP.ACK);
    assertEquals(
      contexts.map(({ payload }) => payload),
      expected.map((name) => concat(u32(0), text(name))),
    );
  }
});

Deno.test("SET_META_CONTEXT selects exact names only, each with an id of its own", async () => {
  const { replies } = await negotiate(
    STRUCTURED,
    option(
      OPT.SET_META_CONTEXT,
      metaPayload("disc", ["base:", "x-blkcache:state", "base:allocation"]),
    ),
  );
  await replies.optionReplies();
  const [first, second, ack] = await replies.optionReplies();
  assertEquals(first!.payload, concat(u32(1), text("base:allocation")));
  assertEquals(second!.payload, concat(u32(2), text("x-blkcache:state")));
  assertEquals(ack!.type, REP.ACK);
});

Deno.test("an unavailable export is listed with the reason and refused with it", async () => {
  const { peer } = stage();
  const unavailable = "no medium in /dev/sr0";
  peer.plays(
    CLIENT_FLAGS,
    option(OPT.LIST),
    GO,
    STRUCTURED,
    option(OPT.SET_META_CONTEXT, metaPayload("disc", [])),
  );
  peer.plays(option(OPT.EXPORT_NAME, text("disc")));
  const { end, replies } = await run(peer, { unavailable });
  const [server] = await replies.optionReplies();
  assertEquals(server!.payload, concat(u32(4), text("disc"), text(unavailable)));
  const [refused] = await replies.optionReplies();
  assertEquals([refused!.type, refused!.sentence], [REP.ERR_UNKNOWN, unavailable]);
  await replies.optionReplies();
  assertEquals(types(await replies.optionReplies()), [REP.ERR_UNKNOWN]);
  assertEquals([end.reason, replies.left()], ["violation", 0]);
});

Deno.test("a server that is ending refuses options and closes", async () => {
  for (const [bytes, expected] of [[GO, REP.ERR_SHUTDOWN], [option(OPT.ABORT), REP.ACK]] as const) {
    const { peer, backend, target } = stage();
    backend.ending = true;
    peer.plays(CLIENT_FLAGS, bytes, GO);
    const { replies } = await run(peer, target);
    assertEquals(types(await replies.optionReplies()), [expected]);
    assertEquals(replies.left(), 0);
  }
});

Deno.test("a client for which there is no place is told so, or closed", async () => {
  for (const last of [GO, option(OPT.EXPORT_NAME, text("disc"))]) {
    const { peer, target } = stage();
    peer.plays(CLIENT_FLAGS, STRUCTURED, last);
    const { replies } = await run(peer, target, () => false);
    await replies.optionReplies();
    if (last === GO) {
      const [refused] = await replies.optionReplies();
      assertEquals([refused!.type, refused!.sentence], [REP.ERR_POLICY, "there is no place"]);
    }
    assertEquals(replies.left(), 0);
  }
});

Deno.test("a client may speak byte by byte, and ask before it has been answered", async () => {
  const bytes = concat(CLIENT_FLAGS, STRUCTURED, GO, request({ type: 3, cookie: 7 }));
  const { peer, target } = stage();
  peer.plays(...[...bytes].map((byte) => Uint8Array.of(byte)));
  const { replies } = await run(peer, target);
  await replies.optionReplies();
  await replies.optionReplies();
  const [done] = await replies.chunks();
  assertEquals([done!.cookie, done!.type, replies.left()], [7n, 0, 0]);
});

Deno.test("a client that closes anywhere in the negotiation has gone", async () => {
  const bytes = concat(CLIENT_FLAGS, STRUCTURED, option(77, text("hello")), GO);
  for (let length = 0; length < bytes.length; length++) {
    const { peer, target } = stage();
    peer.plays(bytes.subarray(0, length));
    assertEquals((await run(peer, target)).end.reason, "gone");
  }
});
