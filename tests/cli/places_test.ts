// Clients that are silent take no threads, and keep nobody out: by TCP nobody, by the Unix socket still less.

import { assert, assertEquals, assertMatch } from "@std/assert";
import { bytesAt, Client } from "../conformance/harness.ts";
import { CLIENT_FLAGS, CMD, infoPayload, OPT, option, REP } from "../conformance/wire.ts";
import { Program } from "../harness/program.ts";
import { TestFolder } from "../harness/test_folder.ts";
import { until } from "../harness/tool.ts";
import { workers } from "../harness/worker_threads.ts";

const DEVICE_BYTES = 65_536;
/** Longer than the program waits for anybody. */
const PATIENCE_MS = 30_000;

/** An epoll and its eventfd that the runtime has at some times and not at others while it runs from the sources. */
const RUNTIME_DESCRIPTORS = Deno.env.has("BLKCACHE") ? 0 : 2;
/** What a silent client may take beyond the first one. */
const MOST_BYTES_EACH = 4 * 1024 * 1024;

function residentBytes(pid: number): number {
  const status = Deno.readTextFileSync(`/proc/${pid}/status`);
  return Number(/^VmRSS:\s+(\d+) kB$/m.exec(status)![1]) * 1024;
}

interface Addresses {
  program: Program;
  unix: () => Promise<Client>;
  tcp: () => Promise<Client>;
}

async function serve(folder: TestFolder, ...args: string[]): Promise<Addresses> {
  Deno.writeFileSync(folder.file("device"), bytesAt(0, DEVICE_BYTES));
  const path = folder.file("socket");
  const program = Program.start(
    ["serve", "device", "image", "--socket", path, "--listen", "0", ...args],
    { dir: folder.path },
  );
  const also = await program.waitForLine("stdout", /^also nbd:/);
  const port = Number(/:(\d+)/.exec(also.slice("also nbd:".length))![1]);
  return {
    program,
    unix: async () => new Client(await Deno.connect({ transport: "unix", path }), PATIENCE_MS),
    tcp: async () => new Client(await Deno.connect({ port }), PATIENCE_MS),
  };
}

/** Negotiates up to the answer to NBD_OPT_GO. @returns the type of the last reply, and its sentence. */
async function go(client: Client): Promise<[type: number, sentence: string]> {
  await client.greeting();
  await client.send(CLIENT_FLAGS);
  const replies = await client.ask(option(OPT.GO, infoPayload("")));
  const { type, sentence } = replies.at(-1)!;
  return [type, sentence];
}

async function enter(client: Promise<Client>): Promise<Client> {
  const entered = await client;
  assertEquals((await go(entered))[0], REP.ACK);
  return entered;
}

async function read(client: Client): Promise<void> {
  await client.request({ type: CMD.READ, offset: 512, length: 1024 });
  assertEquals(await client.data(1024), bytesAt(512, 1024));
}

/** The count once it stays as it is: while the map is saved, descriptors that are held for that are missing. */
async function settled(count: () => number): Promise<number> {
  let last = NaN;
  for (let looks = 0; looks < 20; looks++) {
    const now = count();
    if (now !== last) looks = 0;
    last = now;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  return last;
}

async function among(folder: TestFolder, args: string[], body: (to: Addresses) => Promise<void>) {
  const clients: Client[] = [];
  const addresses = await serve(folder, ...args);
  const kept = (dial: () => Promise<Client>) => async () => {
    const client = await dial();
    clients.push(client);
    return client;
  };
  await using program = addresses.program;
  try {
    await body({ program, unix: kept(addresses.unix), tcp: kept(addresses.tcp) });
  } finally {
    clients.forEach((client) => client.close());
  }
}

Deno.test("64 TCP clients that have the export and are silent keep neither the owner out nor the 65th", async () => {
  using folder = new TestFolder();
  await among(folder, [], async ({ program, unix, tcp }) => {
    const first = await enter(tcp());
    await read(first);
    const before = residentBytes(program.pid);
    const silent = await Promise.all(Array.from({ length: 63 }, () => enter(tcp())));
    assert(workers(program.pid) <= 3, "they have taken threads");
    const each = (residentBytes(program.pid) - before) / 63;
    assert(each < MOST_BYTES_EACH, `a silent client takes ${each} bytes`);
    await read(await enter(unix()));
    // One of the silent gives way, ten seconds after it has come.
    await read(await enter(tcp()));
    await Promise.any(silent.map((client) => client.closed()));
  });
});

Deno.test("a client for which no place becomes free is told so in time", async () => {
  using folder = new TestFolder();
  await among(folder, ["--max-clients", "1"], async ({ unix }) => {
    const first = await enter(unix());
    await read(first);
    const second = await unix();
    const [type, sentence] = await go(second);
    assertEquals(type, REP.ERR_POLICY);
    assertMatch(sentence, /no place/);
    await second.closed();
    const third = await unix();
    const answer = go(third);
    first.close();
    assertEquals((await answer)[0], REP.ACK);
    await read(third);
  });
});

Deno.test("clients that say nothing, or half of something, give way to others and are closed in time", async () => {
  using folder = new TestFolder();
  await among(folder, [], async ({ program, tcp, unix }) => {
    const half = await tcp();
    await half.greeting();
    await half.send(CLIENT_FLAGS, option(OPT.INFO, new Uint8Array(10)).subarray(0, 20));
    const silent: Client[] = [];
    for (let count = 0; count < 80; count++) {
      const client = await tcp();
      await client.greeting();
      silent.push(client);
    }
    // The first have given way, the one that has begun to speak has not.
    await silent[0]!.closed();
    await read(await enter(tcp()));
    await read(await enter(unix()));
    await Promise.all([half, ...silent.slice(1)].map((client) => client.closed()));
    assert(workers(program.pid) <= 3, "they have taken threads");
  });
});

Deno.test("a silent client that says good-bye sees the end of the connection, not a reset", async () => {
  using folder = new TestFolder();
  await among(folder, [], async () => {
    using connection = await Deno.connect({ transport: "unix", path: folder.file("socket") });
    const client = new Client(connection, PATIENCE_MS);
    await go(client);
    await client.request({ type: CMD.DISC });
    assertEquals(await connection.read(new Uint8Array(1)), null);
  });
});

Deno.test("descriptors are given back when clients have gone", async () => {
  using folder = new TestFolder();
  await among(folder, [], async ({ program, tcp }) => {
    const descriptors = () => [...Deno.readDirSync(`/proc/${program.pid}/fd`)].length;
    // With the second one the reader has opened all that it needs. Its session stays, for whoever comes next.
    const first = await enter(tcp());
    let few: number | undefined;
    for (let round = 0; round < 4; round++) {
      const clients = await Promise.all(Array.from({ length: 8 }, () => enter(tcp())));
      await Promise.all(clients.map(read));
      clients.forEach((client) => client.close());
      // A session beside another is dismissed after some seconds.
      await until("one session is left", () => workers(program.pid) === 2);
      few ??= await settled(descriptors);
      const most = few + RUNTIME_DESCRIPTORS;
      await until("descriptors have been given back", () => descriptors() <= most);
    }
    await read(first);
  });
});
