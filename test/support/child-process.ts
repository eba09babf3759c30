import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';

/** A program under test in a process of its own. */
export class TestProcess {
  /** Everything it has written so far, errors too. */
  output = '';
  readonly #child: ChildProcess;
  readonly #waiting = new Set<() => void>();
  readonly #exited: Promise<number | string | null>;

  constructor(command: string, args: readonly string[], environment: NodeJS.ProcessEnv = {}) {
    this.#child = spawn(command, args, {
      env: { ...process.env, NO_COLOR: '1', ...environment },
      stdio: ['ignore', 'pipe', 'pipe'],
      detached: true,
    });
    this.#exited = once(this.#child, 'close').then(([code, signal]) => (signal ?? code) as number | string | null);
    void this.#exited.then(() => this.#wake());
    for (const stream of [this.#child.stdout, this.#child.stderr]) {
      if (!stream) continue;
      createInterface({ input: stream }).on('line', (line) => {
        this.output += `${line}\n`;
        this.#wake();
      });
    }
  }

  /** Resolves with the match as soon as the output has it; rejects with the output when the process ends before. */
  async prints(pattern: RegExp): Promise<RegExpExecArray> {
    for (;;) {
      const match = pattern.exec(this.output);
      if (match) return match;
      if (this.hasExited) throw new Error(`The process ended before it printed ${pattern}:\n${this.output}`);
      await new Promise<void>((resolve) => this.#waiting.add(resolve));
    }
  }

  get hasExited(): boolean {
    return this.#child.exitCode !== null || this.#child.signalCode !== null;
  }

  /** Exit code, or the signal that ended it. */
  exit(): Promise<number | string | null> {
    return this.#exited;
  }

  /** As Ctrl-C in a terminal does, to the whole group of processes; harmless when it has ended. */
  async interrupt(signal: NodeJS.Signals = 'SIGINT'): Promise<number | string | null> {
    if (!this.hasExited && this.#child.pid !== undefined) process.kill(-this.#child.pid, signal);
    return this.#exited;
  }

  #wake(): void {
    for (const wake of this.#waiting) wake();
    this.#waiting.clear();
  }
}
