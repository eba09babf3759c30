import type { ClientTraffic, TrafficEntry } from '../../src/emulator/traffic-log.js';
import type { WebPubSubEmulator } from '../../src/emulator/web-pubsub-emulator.js';

/** The first entry of clients, past or to come, that the function picks. */
export function awaitClientTraffic(
  { traffic }: WebPubSubEmulator,
  picks: (entry: ClientTraffic) => boolean,
): Promise<ClientTraffic> {
  return new Promise((resolve) => {
    const take = (entry: TrafficEntry): boolean => {
      const isPicked = entry.door === 'client' && picks(entry);
      if (isPicked) resolve(entry);
      return isPicked;
    };
    if (traffic.entries().some(take)) return;
    const unsubscribe = traffic.subscribe((entry) => {
      if (take(entry)) unsubscribe();
    });
  });
}

/** The connection is without a socket, and may be recovered. */
export function awaitDetached(emulator: WebPubSubEmulator, connectionId: string): Promise<ClientTraffic> {
  return awaitClientTraffic(
    emulator,
    (entry) =>
      entry.connectionId === connectionId && entry.action === 'disconnected' && entry.summary.includes('recovered'),
  );
}
