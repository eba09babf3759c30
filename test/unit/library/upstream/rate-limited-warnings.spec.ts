import { describe, expect, it } from '@jest/globals';
import { RateLimitedWarnings } from '../../../../src/library/upstream/rate-limited-warnings.js';

describe('RateLimitedWarnings', () => {
  it('passes on five of a topic in a minute, then says how many were left out', () => {
    const written: string[] = [];
    let now = 0;
    const warnings = new RateLimitedWarnings(
      (text) => written.push(text),
      () => now,
    );
    for (let count = 1; count <= 8; count++) warnings.warn('hub', `hub ${count}`);
    warnings.warn('origin', 'another topic');
    expect(written).toEqual(['hub 1', 'hub 2', 'hub 3', 'hub 4', 'hub 5', 'another topic']);
    now = 60_000;
    warnings.warn('hub', 'hub 9');
    warnings.warn('origin', 'again');
    expect(written.slice(6)).toEqual(['hub 9 (3 like it were left out.)', 'again']);
  });
});
