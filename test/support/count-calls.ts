import { Session, type Profiler } from 'node:inspector';

/**
 * For each of the runs, which are synchronous, how often it called functions of the modules whose URL holds `path`: a measure
 * of work that is the same on every machine.
 */
export function countCalls(path: string, runs: readonly (() => void)[]): number[] {
  const session = new Session();
  session.connect();
  try {
    session.post('Profiler.enable');
    session.post('Profiler.startPreciseCoverage', { callCount: true, detailed: false });
    return runs.map((run) => {
      takeCoverage(session);
      run();
      return takeCoverage(session)
        .filter(({ url }) => url.includes(path))
        .flatMap(({ functions }) => functions)
        .reduce((sum, { ranges }) => sum + (ranges[0]?.count ?? 0), 0);
    });
  } finally {
    session.disconnect();
  }
}

/** Since it was last taken. A session within this process answers before `post` returns. */
function takeCoverage(session: Session): readonly Profiler.ScriptCoverage[] {
  let coverage: readonly Profiler.ScriptCoverage[] | undefined;
  session.post('Profiler.takePreciseCoverage', (error, { result }) => {
    if (error) throw error;
    coverage = result;
  });
  if (!coverage) throw new Error('The profiler did not answer at once.');
  return coverage;
}
