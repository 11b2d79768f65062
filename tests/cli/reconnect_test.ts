// A client leaves, and others come before main has finished hearing of it.
import { Client } from "../conformance/harness.ts";
import { CLIENT_FLAGS, CMD, OPT, option } from "../conformance/wire.ts";
import { assertSameBytes, TestFolder } from "../harness/test_folder.ts";
import { Served } from "../harness/served.ts";
import { chooseSeed, Random } from "../model/map_random.ts";

const BYTES = 65_536;
/** What has to happen in a moment happens on the way from no session to several: servers are started anew. */
const SERVERS = 10;
const RECONNECTS = 20;
const MOST_GAP_MS = 20;

const sleep = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

/** Connects, reads all of the device, and stays. */
async function readAll(path: string, content: Uint8Array): Promise<Client> {
  const client = new Client(await Deno.connect({ transport: "unix", path }));
  await client.greeting();
  await client.send(CLIENT_FLAGS, option(OPT.EXPORT_NAME));
  await client.read(10);
  await client.request({ type: CMD.READ, length: BYTES });
  assertSameBytes(await client.data(BYTES), content, "the read");
  return client;
}

Deno.test("of clients that connect when another has just left, none waits for ever", async () => {
  const random = new Random(chooseSeed());
  using folder = new TestFolder();
  const device = folder.noise("device", BYTES);
  const content = Deno.readFileSync(device);
  const socket = folder.file("socket");
  for (let server = 0; server < SERVERS; server++) {
    await using served = await Served.start(device, { dir: folder.path });
    for (let reconnect = 0; reconnect < RECONNECTS; reconnect++) {
      (await readAll(socket, content)).close();
      await sleep(random.once(2) ? 0 : random.below(MOST_GAP_MS + 1));
      // More and more of them, so that there are sessions to be started.
      const clients = await Promise.all(
        Array.from({ length: 2 + (reconnect >> 2) }, () => readAll(socket, content)),
      );
      clients.forEach((client) => client.close());
    }
    await served.stop();
  }
});
