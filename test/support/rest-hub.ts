import { WebPubSubServiceClient } from '@azure/web-pubsub';
import { beforeAll, beforeEach } from '@jest/globals';
import type { WebPubSubEmulator } from '../../src/emulator/web-pubsub-emulator.js';
import { connectJsonClient, type ConnectOptions, type JsonClient } from './connect-client.js';
import { startEmulator } from './start-emulator.js';

/** One emulator for all tests of a file. */
export let emulator: WebPubSubEmulator;
/** A hub of each test's own, and its service client. */
export let hub: string;
export let service: WebPubSubServiceClient;

let hubs = 0;

/** Called once, at the top of a file: from then on `emulator`, `hub` and `service` are there in each of its tests. */
export function useHubPerTest(): void {
  beforeAll(async () => {
    emulator = await startEmulator();
  });

  beforeEach(() => {
    hub = `hub${++hubs}`;
    service = new WebPubSubServiceClient(emulator.connectionString, hub, { allowInsecureConnection: true });
  });
}

/** A client of the test's hub, unless the options name another. */
export function connect(options: ConnectOptions = {}): Promise<JsonClient> {
  return connectJsonClient(emulator, { hub, ...options });
}
