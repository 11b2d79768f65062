// A client that speaks a mutated dialogue over a real socket.
import type { Server } from "./harness.ts";
import { inPieces, mutated, type Random } from "./mutation.ts";

/** Says it all and says no more: the server must close in the end. */
export async function playMutatedDialogue(server: Server, random: Random): Promise<void> {
  const client = await server.dial();
  const drained = client.drain();
  try {
    for (const piece of inPieces(random, mutated(random))) await client.send(piece);
    await client.sayNoMore();
  } catch (error) {
    // The server has closed while the client was still speaking.
    if (!isClosing(error)) throw error;
  } finally {
    await drained;
    client.close();
  }
}

function isClosing(error: unknown): boolean {
  const closing = [Deno.errors.BrokenPipe, Deno.errors.ConnectionReset, Deno.errors.NotConnected];
  return closing.some((type) => error instanceof type);
}
