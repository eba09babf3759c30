// `start-up.js <door>`: what importing a door costs a process that has nothing else; and what starting the emulator does.
const DOORS: Readonly<Record<string, () => Promise<unknown>>> = {
  library: async () => {
    await import('reflect-metadata');
    return import('../../src/index.js');
  },
  emulator: () => import('../../src/emulator/index.js'),
  testing: async () => {
    await import('reflect-metadata');
    return import('../../src/testing/index.js');
  },
  'emulator, started': async () => {
    const { WebPubSubEmulator } = await import('../../src/emulator/index.js');
    const started = performance.now();
    const emulator = await WebPubSubEmulator.start({ port: 0 });
    const milliseconds = performance.now() - started;
    await emulator.close();
    return { milliseconds };
  },
};

const before = process.memoryUsage().rss;
const started = performance.now();
const result = (await DOORS[process.argv[2]]()) as { milliseconds?: number };
const milliseconds = result.milliseconds ?? performance.now() - started;
process.send!({ milliseconds, rssBytes: process.memoryUsage().rss - before });
process.disconnect();
