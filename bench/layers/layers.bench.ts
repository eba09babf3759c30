import { fileURLToPath } from 'node:url';
import { nextMessage, startPinned } from '../pinned-process.js';
import type { BenchSettings, BenchTable } from '../report.js';

/** Nanoseconds and bytes of each step of an event, and of a frame. */
export async function benchLayers(settings: BenchSettings): Promise<BenchTable[]> {
  const script = fileURLToPath(new URL('./measure.js', import.meta.url));
  const child = startPinned(script, [], 0, settings.node, ['--expose-gc', '--max-semi-space-size=64']);
  const rows = await nextMessage<BenchTable['rows']>(child);
  return [{ title: 'Cost per layer', columns: ['operation', 'ns', 'bytes'], rows }];
}
