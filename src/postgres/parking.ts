/**
 * Connections that may be open at the same time, for sessions that are needed now and then: a fleet may have a database per
 * tenant, and its servers no room for a connection to each of some hundreds.
 */
export interface Parking {
  /** Waits for a place: a free one, or that of the guest that has been idle for longest. */
  readonly enter: () => Promise<void>;
  /** The guest does nothing at the moment: its place goes to whoever wants one. */
  readonly idle: (guest: Guest) => void;
  readonly busy: (guest: Guest) => void;
  /** A guest that has ended its connection gives its place back. */
  readonly leave: () => void;
  /** Closes whoever is idle. */
  readonly clear: () => Promise<void>;
}

/** Whoever has a place, and may lose it while it is idle. */
export interface Guest {
  /** Ends its connection, in which nothing runs. */
  readonly evict: () => Promise<void>;
}

/** `places`: connections that may be open. */
export function newParking(places: number): Parking {
  const idle: Guest[] = [];
  const waiting: (() => void)[] = [];
  let open = 0;
  const leave = (): void => {
    const next = waiting.shift();
    if (next === undefined) open--;
    else next();
  };
  const evict = (guest: Guest): Promise<void> => {
    idle.splice(idle.indexOf(guest), 1);
    return guest.evict();
  };
  return {
    enter: async () => {
      const [longest] = idle;
      if (open < places) open++;
      else if (longest !== undefined) await evict(longest);
      else await new Promise<void>((resolve) => waiting.push(resolve));
    },
    idle: (guest) => {
      idle.push(guest);
      if (waiting.length > 0) void evict(guest).then(leave);
    },
    busy: (guest) => {
      if (idle.includes(guest)) idle.splice(idle.indexOf(guest), 1);
    },
    leave,
    clear: async () => void (await Promise.all([...idle].map((guest) => evict(guest).then(leave)))),
  };
}
