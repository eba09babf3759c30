import { afterAll } from '@jest/globals';
import type { EmulatorOptions } from '../../src/emulator/emulator-options.js';
import { WebPubSubEmulator } from '../../src/emulator/web-pubsub-emulator.js';

const started: WebPubSubEmulator[] = [];

/** An emulator on a free port; it is closed when the test file ends, at the latest. */
export async function startEmulator(options: EmulatorOptions = {}): Promise<WebPubSubEmulator> {
  const emulator = await WebPubSubEmulator.start({ port: 0, ...options });
  started.push(emulator);
  return emulator;
}

afterAll(async () => {
  await Promise.all(started.splice(0).map((emulator) => emulator.close()));
});
