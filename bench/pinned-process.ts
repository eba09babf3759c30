import { type ChildProcess, fork, spawnSync } from 'node:child_process';
import { availableParallelism } from 'node:os';

const canPin = availableParallelism() > 1 && spawnSync('taskset', ['-c', '0', 'true']).status === 0;

/** What the figures were measured with: pinned only where there are two cores and `taskset`. */
export const pinning = canPin ? 'server on core 0, load on core 1' : 'not pinned';

/** Starts a script of this folder on one core, with a channel for messages. */
export function startPinned(
  script: string,
  args: readonly string[],
  core: 0 | 1,
  node = process.execPath,
  nodeOptions: readonly string[] = [],
): ChildProcess {
  return fork(script, args, {
    ...(canPin
      ? { execPath: 'taskset', execArgv: ['-c', String(core), node, ...nodeOptions] }
      : { execPath: node, execArgv: [...nodeOptions] }),
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  });
}

/** Resolves with the next message; rejects when the process ends before it. */
export function nextMessage<T>(child: ChildProcess): Promise<T> {
  return new Promise((resolve, reject) => {
    const ended = (code: number | null): void => reject(new Error(`${child.spawnargs.join(' ')} ended with ${code}`));
    child.once('exit', ended);
    child.once('message', (message) => {
      child.off('exit', ended);
      resolve(message as T);
    });
  });
}

export async function ask<T>(child: ChildProcess, message: object): Promise<T> {
  const answer = nextMessage<T>(child);
  child.send(message);
  return answer;
}

/** What a server that calls `tellCpuTime` has spent so far. */
export async function cpuMicrosecondsOf(server: ChildProcess): Promise<number> {
  return (await ask<{ cpuMicroseconds: number }>(server, {})).cpuMicroseconds;
}

export function stop(child: ChildProcess): Promise<void> {
  return new Promise((resolve) => {
    if (child.exitCode !== null || child.signalCode !== null) return resolve();
    child.once('exit', () => resolve());
    child.kill('SIGKILL');
  });
}
