// The writer of map_stress_test.ts, a worker. It writes as fast as it can until it is told to stop.
//
// "stripes": any status anywhere, but sector s only ever gets one of the two of stripeStatuses(s), so that
// a torn view shows as a status that cannot be there. "adds": only FINISHED, at random, until all is.

import { FileMap } from "../../src/map/file_map.ts";
import { FINISHED } from "../../src/map/statuses.ts";
import { Random } from "./map_random.ts";
import {
  type Finding,
  SECTOR,
  STOP,
  STRIPE_SECTORS,
  stripeStatuses,
  type WriterOrders,
  WRITES,
} from "./map_stress_orders.ts";

self.onmessage = ({ data }: MessageEvent<WriterOrders>) => {
  const map = FileMap.attach(data.map);
  const control = new Int32Array(data.control);
  const random = new Random(data.seed);
  const sectors = map.size / SECTOR;
  while (Atomics.load(control, STOP) === 0) {
    for (let turn = 0; turn < 64; turn++) {
      let sector = random.below(sectors);
      let count = 1 + random.below(data.longest);
      if (data.kind === "adds") {
        // What is found already finished sends the writer on to what is not.
        const missing = map.find(sector * SECTOR, map.size, ~(1 << FINISHED));
        if (missing >= 0) sector = missing / SECTOR;
        map.set(sector * SECTOR, Math.min(sector + count, sectors) * SECTOR, FINISHED);
      } else {
        count = Math.min(count, STRIPE_SECTORS - sector % STRIPE_SECTORS);
        const status = random.pick(stripeStatuses(sector));
        map.set(sector * SECTOR, Math.min(sector + count, sectors) * SECTOR, status);
      }
    }
    Atomics.add(control, WRITES, 64);
    if (data.pauseMs > 0) Atomics.wait(control, STOP, 0, data.pauseMs);
  }
  const finding: Finding = "";
  self.postMessage(finding);
  self.close();
};
