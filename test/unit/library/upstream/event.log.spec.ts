import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import {
  ConsoleLogger,
  type INestApplicationContext,
  Logger,
  type LoggerService,
  type LogLevel,
  Module,
} from '@nestjs/common';
import { type NestApplicationContextOptions } from '@nestjs/common/interfaces/nest-application-context-options.interface.js';
import { NestFactory } from '@nestjs/core';
import { EventLog } from '../../../../src/library/upstream/event.log.js';

@Module({})
class EmptyModule {}

interface LoggerStatics {
  staticInstanceRef?: LoggerService;
  logLevels?: LogLevel[];
}

const statics = Logger as unknown as LoggerStatics;
const { staticInstanceRef, logLevels } = statics;
let printed: string;

const silent = { log: () => {}, warn: () => {}, error: () => {} };
const talking = { ...silent, debug: (text: unknown) => void (printed += String(text)) };

/** A custom logger that knows the levels that it was given. */
class AppLogger extends ConsoleLogger {}

/** How Nest 11 answers: by the levels that were set as a list, and by no others. */
function isLevelEnabledIn11(level: LogLevel): boolean {
  return statics.logLevels?.includes(level) ?? false;
}

beforeEach(() => {
  printed = '';
  jest.spyOn(process.stdout, 'write').mockImplementation((chunk) => Boolean((printed += String(chunk))));
  statics.staticInstanceRef = staticInstanceRef;
  statics.logLevels = logLevels;
});

afterEach(() => {
  jest.restoreAllMocks();
  Logger.flush();
  statics.staticInstanceRef = staticInstanceRef;
  statics.logLevels = logLevels;
});

const CASES: [string, NestApplicationContextOptions, ((app: INestApplicationContext) => void) | undefined, boolean][] =
  [
    ['the default', {}, undefined, true],
    ['levels with debug', { logger: ['debug', 'warn'] }, undefined, true],
    ['verbose, which is below debug', { logger: ['verbose'] }, undefined, true],
    ['levels without debug', { logger: ['log', 'warn', 'error'] }, undefined, false],
    ['no logger', { logger: false }, undefined, false],
    ['an object with debug', { logger: talking }, undefined, true],
    ['an object without debug', { logger: silent }, undefined, false],
    ['a ConsoleLogger', { logger: new ConsoleLogger() }, undefined, true],
    ['a ConsoleLogger with debug', { logger: new ConsoleLogger({ logLevels: ['debug'] }) }, undefined, true],
    ['a ConsoleLogger without debug', { logger: new ConsoleLogger({ logLevels: ['warn'] }) }, undefined, false],
    ['JSON lines', { logger: new ConsoleLogger({ json: true, logLevels: ['debug'] }) }, undefined, true],
    ['a logger that extends ConsoleLogger', { logger: new AppLogger('app', { logLevels: ['log'] }) }, undefined, false],
    ['a logger that came later', { logger: false }, (app) => app.useLogger(talking), true],
    ['a quiet logger that came later', {}, (app) => app.useLogger(silent), false],
    ['an object after levels without debug', { logger: ['error'] }, (app) => app.useLogger(talking), true],
    ['buffered lines and a logger for them', { bufferLogs: true }, (app) => app.useLogger(talking), true],
    ['buffered lines and a quiet logger', { bufferLogs: true }, (app) => app.useLogger(silent), false],
  ];

describe.each([11, 12])('debug lines, where levels are asked for as in Nest %i', (version) => {
  it.each(CASES)('are there when the logger would write them: %s', async (_name, options, configure, isSeen) => {
    if (version === 11) jest.spyOn(Logger, 'isLevelEnabled').mockImplementation(isLevelEnabledIn11);
    const log = new EventLog('/eventhandler');
    const app = await NestFactory.createApplicationContext(EmptyModule, options);
    configure?.(app);
    expect(log.isDebugEnabled).toBe(isSeen);

    printed = '';
    log.answered({ method: 'POST', url: '/eventhandler', status: 204, elapsedMs: 1 });
    expect(printed.includes('status=204')).toBe(isSeen);
    await app.close();
  });
});
