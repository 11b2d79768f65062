// The door with real sockets: a client comes in, asks, and is given back or goes.
import { assertEquals } from "@std/assert";
import { Door } from "../../../src/server/door.ts";
import type { Client as DoorClient } from "../../../src/server/guest.ts";
import { closeFd } from "../../../src/sys/fd.ts";
import { NativeMemory } from "../../../src/sys/memory.ts";
import { listenUnix, tryRecvNow } from "../../../src/sys/socket.ts";
import { Client } from "../../conformance/harness.ts";
import { CLIENT_FLAGS, CMD, infoPayload, OPT, option } from "../../conformance/wire.ts";
import { PATIENCE_MS } from "../../harness/patience.ts";
import { TestFolder } from "../../harness/test_folder.ts";

/** A simple request of the NBD protocol. */
const REQUEST_BYTES = 28;

/** A door that one client has come through; its requests are awaited, its departure is noted. */
class OpenDoor implements AsyncDisposable {
  readonly door: Door;
  readonly told: string[] = [];
  readonly asked = Promise.withResolvers<DoorClient>();
  readonly #folder = new TestFolder();
  readonly #listener: number;
  #connection: Deno.UnixConn | undefined;
  #client: Client | undefined;

  constructor() {
    const path = this.#folder.file("socket");
    this.#listener = listenUnix(path, 8);
    this.door = new Door({
      listeners: [{ fd: this.#listener, kind: "unix" }],
      exported: { name: "", description: "" },
      target: { size: 4096, sectorSize: 512, ending: false, writer: undefined },
      places: 2,
    }, {
      expected: () => {},
      entered: () => void this.told.push("entered"),
      asked: (client) => this.asked.resolve(client),
      left: (_, message) => void this.told.push(`left ${message}`.trim()),
      unwanted: () => void this.told.push("unwanted"),
      dismissed: (message) => void this.told.push(`dismissed ${message}`.trim()),
      failed: (error) => this.asked.reject(error),
    });
  }

  async client(): Promise<Client> {
    const path = this.#folder.file("socket");
    this.#connection = await Deno.connect({ transport: "unix", path });
    const client = this.#client = new Client(this.#connection, PATIENCE_MS);
    await client.greeting();
    await client.send(CLIENT_FLAGS);
    await client.ask(option(OPT.GO, infoPayload("")));
    return client;
  }

  /** What the client reads next: null at an orderly end. @throws when the connection is reset. */
  async next(): Promise<number | null> {
    return await this.#connection!.read(new Uint8Array(1));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#client?.close();
    this.door.end();
    await this.door.ended;
    closeFd(this.#listener);
    this.#folder[Symbol.dispose]();
  }
}

Deno.test("a client that asks is handed over, and watched again when it is given back", async () => {
  await using open = new OpenDoor();
  const client = await open.client();
  assertEquals([open.told, open.door.clients], [["entered"], 1]);
  await client.request({ type: CMD.READ, offset: 0, length: 512 });
  const asking = await open.asked.promise;
  // As a session does that answers it.
  const input = NativeMemory.allocate(REQUEST_BYTES);
  assertEquals(tryRecvNow(asking.socket, input.address, REQUEST_BYTES), REQUEST_BYTES);
  input.release();
  open.door.rest(asking);
  client.close();
  while (open.told.length < 2) await new Promise((resolve) => setTimeout(resolve, 0));
  assertEquals(open.door.clients, 0);
});

Deno.test("a client that is given back after the end is closed in order: it is not reset", async () => {
  await using open = new OpenDoor();
  const client = await open.client();
  await client.request({ type: CMD.READ, offset: 0, length: 512 });
  const asking = await open.asked.promise;
  open.door.end();
  await open.door.ended;
  open.door.rest(asking);
  assertEquals(open.told, ["entered", "left"]);
  // Unread bytes would make the system reset the connection.
  assertEquals(await open.next(), null);
});

Deno.test("the end sends away a client that is silent", async () => {
  await using open = new OpenDoor();
  await open.client();
  open.door.end();
  await open.door.ended;
  assertEquals(open.told, ["entered", "left"]);
  assertEquals(await open.next(), null);
});
