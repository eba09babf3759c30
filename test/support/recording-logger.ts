import type { LoggerService } from '@nestjs/common';

/** Keeps warnings and errors that an application writes, each as a line that begins with its level. */
export class RecordingLogger implements LoggerService {
  readonly lines: string[] = [];

  log(_message: unknown, _context?: unknown): void {}

  warn(message: unknown): void {
    this.lines.push(`warn ${String(message)}`);
  }

  error(message: unknown): void {
    this.lines.push(`error ${String(message)}`);
  }
}
