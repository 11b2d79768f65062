import { assert, assertEquals } from "@std/assert";
import {
  descriptorBudget,
  type DescriptorNeeds,
  descriptorsWanted,
  SESSION_DESCRIPTORS,
} from "../../../src/server/descriptor_budget.ts";

const PLAIN: Omit<DescriptorNeeds, "free"> = {
  maxClients: 64,
  tcpListeners: 0,
  pageConnections: 0,
  hasWatcher: false,
  hasMount: false,
  hasAttachment: false,
  hasWriting: false,
};

/** What comes out: clients and connections of the page, or what is missing. */
function budget(free: number, needs: Partial<DescriptorNeeds> = {}): number[] {
  const result = descriptorBudget({ ...PLAIN, free, ...needs });
  return "missing" in result ? [0, -result.missing] : [result.clients, result.pageConnections];
}

Deno.test("so many descriptors, so many clients", () => {
  const table: [free: number, needs: Partial<DescriptorNeeds>, result: number[]][] = [
    // 26 for the run itself, 9 for each client.
    [0, {}, [0, -35]],
    [34, {}, [0, -1]],
    [35, {}, [1, 0]],
    [43, {}, [1, 0]],
    [44, {}, [2, 0]],
    [26 + 64 * 9, {}, [64, 0]],
    [100_000, {}, [64, 0]],
    [35, { maxClients: 1 }, [1, 0]],
    // A listener, and room for a client on the Unix socket.
    [35 + 9, { tcpListeners: 1 }, [0, -1]],
    [35 + 10, { tcpListeners: 1 }, [1, 0]],
    // The page: its socket and four connections at least, 64 at most.
    [39, { pageConnections: 64 }, [0, -1]],
    [40, { pageConnections: 64 }, [1, 4]],
    [49, { pageConnections: 64 }, [1, 6]],
    [202, { pageConnections: 64 }, [14, 44]],
    [27 + 64 + 64 * 9, { pageConnections: 64 }, [64, 64]],
    [102, { pageConnections: 64, maxClients: 1 }, [1, 64]],
    [40, { pageConnections: 2 }, [1, 2]],
    // Other ways in.
    [35 + 8, { hasWatcher: true }, [0, -1]],
    [35 + 9, { hasWatcher: true }, [1, 0]],
    [35 + 22, { hasMount: true }, [1, 0]],
    [35 + 36, { hasAttachment: true }, [1, 0]],
    [35 + 4, { hasWriting: true }, [1, 0]],
  ];
  for (const [free, needs, result] of table) {
    assertEquals(budget(free, needs), result, `${free} ${JSON.stringify(needs)}`);
  }
});

Deno.test("what is wanted is enough for all of it, and more free descriptors never mean less", () => {
  for (const pageConnections of [0, 1, 4, 64]) {
    for (const maxClients of [1, 2, 64, 1024]) {
      const needs = { ...PLAIN, pageConnections, maxClients, hasMount: true };
      const wanted = descriptorsWanted(needs);
      assertEquals(budget(wanted, needs), [maxClients, pageConnections]);
      assert(budget(wanted - 1, needs).join() !== budget(wanted, needs).join());
      let last = [0, -Infinity];
      for (let free = 0; free <= wanted + SESSION_DESCRIPTORS; free++) {
        const now = budget(free, needs);
        assert(now[0] >= last[0], `${free}: ${now} after ${last}`);
        last = now;
      }
    }
  }
});
