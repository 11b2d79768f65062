// The smallest NBD client: connects, reads a sector, leaves. It tells when a server is really there.

import {
  NBD_CMD_DISC,
  NBD_CMD_READ,
  NBD_FLAG_C_FIXED_NEWSTYLE,
  NBD_FLAG_C_NO_ZEROES,
  NBD_OPT_EXPORT_NAME,
  NBD_REQUEST_MAGIC,
} from "../../src/nbd/constants.ts";

const GREETING_BYTES = 18;
const EXPORT_BYTES = 10;
const REPLY_BYTES = 16;
const SECTOR = 512;
const IHAVEOPT = new TextEncoder().encode("IHAVEOPT");

/** @returns false when nobody listens at the Unix socket yet. @throws {Error} when the server misbehaves. */
export async function askOnce(socket: string, exportName: string): Promise<boolean> {
  let connection: Deno.UnixConn;
  try {
    connection = await Deno.connect({ transport: "unix", path: socket });
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    if (error instanceof Deno.errors.ConnectionRefused) return false;
    throw error;
  }
  using _connection = connection;
  await receive(connection, GREETING_BYTES);
  const name = new TextEncoder().encode(exportName);
  const hello = new Uint8Array(20 + name.length);
  const view = new DataView(hello.buffer);
  view.setUint32(0, NBD_FLAG_C_FIXED_NEWSTYLE | NBD_FLAG_C_NO_ZEROES);
  hello.set(IHAVEOPT, 4);
  view.setUint32(12, NBD_OPT_EXPORT_NAME);
  view.setUint32(16, name.length);
  hello.set(name, 20);
  await connection.write(hello);
  await receive(connection, EXPORT_BYTES);
  await connection.write(request(NBD_CMD_READ, SECTOR));
  await receive(connection, REPLY_BYTES + SECTOR);
  await connection.write(request(NBD_CMD_DISC, 0));
  return true;
}

function request(command: number, length: number): Uint8Array {
  const bytes = new Uint8Array(28);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, NBD_REQUEST_MAGIC);
  view.setUint16(6, command);
  view.setUint32(24, length);
  return bytes;
}

async function receive(connection: Deno.Conn, length: number): Promise<void> {
  const bytes = new Uint8Array(length);
  for (let done = 0; done < length;) {
    const count = await connection.read(bytes.subarray(done));
    if (count === null) throw new Error("the server has closed the connection");
    done += count;
  }
}
