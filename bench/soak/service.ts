// The emulator under load, with the settings of a file.
import { silentLogger } from '../../src/emulator/emulator-logger.js';
import { WebPubSubEmulator } from '../../src/emulator/index.js';

const emulator = await WebPubSubEmulator.startFromFile(process.argv[2], { logger: silentLogger });
process.on('message', () => {
  const { gc } = globalThis as { gc?: () => void };
  gc?.();
  gc?.();
  const { heapUsed, rss, external } = process.memoryUsage();
  process.send!({ heapUsed, rss, external });
});
process.send!({ connectionString: emulator.connectionString, endpoint: emulator.endpoint });
