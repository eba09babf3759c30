import type { BenchSettings } from './report.js';
import { median } from './statistics.js';

/** A contender that is up, and can be measured as often as one likes. */
export interface Running<Sample> {
  measure(durationMs: number): Promise<Sample>;
  stop(): Promise<void>;
}

/** By contender: what was measured; samples of one turn are at the same index. */
export type Samples<Sample> = ReadonlyMap<string, readonly Sample[]>;

/** Short beside the drift of the machine, long beside what it takes to begin. */
const WINDOW_MS = 250;

/**
 * Measures contenders in turn, a window each, so that drift of the machine meets all alike. In each round all are started
 * anew and warmed up; those whose turn it is not have nothing to do.
 */
export async function takeTurns<Sample>(
  names: readonly string[],
  start: (name: string) => Promise<Running<Sample>>,
  settings: BenchSettings,
): Promise<Samples<Sample>> {
  const samples = new Map<string, Sample[]>(names.map((name) => [name, []]));
  for (let round = 0; round < settings.rounds; round++) {
    const running = new Map<string, Running<Sample>>();
    try {
      for (const name of rotate(names, round)) running.set(name, await start(name));
      for (const contender of running.values()) await contender.measure(settings.warmUpMs);
      for (let turn = 0; turn < settings.durationMs / WINDOW_MS; turn++) {
        // Each time from another starting place: nobody always comes after the same one.
        for (const name of rotate(names, turn)) samples.get(name)!.push(await running.get(name)!.measure(WINDOW_MS));
      }
    } finally {
      await Promise.all([...running.values()].map((contender) => contender.stop()));
    }
  }
  return samples;
}

/** One contender by itself: warmed up, then measured. */
export async function measureAlone<Sample>(contender: Running<Sample>, settings: BenchSettings): Promise<Sample> {
  try {
    await contender.measure(settings.warmUpMs);
    return await contender.measure(settings.durationMs);
  } finally {
    await contender.stop();
  }
}

/** The beginning of a row: the contender, its rate, and how many times the rate of each of the others that is. */
export function rateCells<Sample extends { readonly perSecond: number }>(
  samples: Samples<Sample>,
  name: string,
  others: readonly string[],
): (string | number)[] {
  const rate = ({ perSecond }: Sample): number => perSecond;
  return [name, Math.round(middle(samples, name, rate)), ...others.map((other) => ratio(samples, name, other, rate))];
}

/** The median of a figure over all turns. */
export function middle<Sample>(samples: Samples<Sample>, name: string, figure: (sample: Sample) => number): number {
  return median(samples.get(name)!.map(figure));
}

/** How many times the other's figure it is: the median of the ratios within each turn. */
function ratio<Sample>(
  samples: Samples<Sample>,
  name: string,
  other: string,
  figure: (sample: Sample) => number,
): number {
  const others = samples.get(other)!;
  return median(samples.get(name)!.map((sample, turn) => figure(sample) / figure(others[turn])));
}

function rotate<T>(items: readonly T[], by: number): readonly T[] {
  const start = by % items.length;
  return [...items.slice(start), ...items.slice(0, start)];
}
