import * as fc from 'fast-check';

const { FUZZ_SEED: seed = '20261127', FUZZ_TIMES: times = '1' } = process.env;

/** The same values at each run of the tests, so that a change fails by what it changed; `npm run fuzz` tries others. */
fc.configureGlobal({ seed: Number(seed) });

export const assert = ((property: fc.IRawProperty<unknown>, params?: fc.Parameters<unknown>) =>
  fc.assert(property, { ...params, numRuns: (params?.numRuns ?? 100) * Number(times) })) as typeof fc.assert;

export * from 'fast-check';
