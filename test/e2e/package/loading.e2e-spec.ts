import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { loadedModules, type LoadedModules } from '../../support/loaded-packages.js';
import { transpileSource, type TranspiledSource } from '../../support/transpiled-source.js';

/** Of the emulator, of the test kit, and what the library itself loads when it is needed. */
const NOT_FOR_THE_LIBRARY = new Set([
  '@azure/web-pubsub-client',
  '@bufbuild/protobuf',
  '@msgpack/msgpack',
  '@nestjs/terminus',
  '@opentelemetry/api',
  'commander',
  'find-my-way',
  'jose',
  'lossless-json',
  'mqtt-packet',
  'tough-cookie',
  'undici',
  'ws',
]);

describe.each(['esm', 'commonjs'] as const)('the doors as %s', (format) => {
  let source: TranspiledSource;
  beforeAll(async () => {
    source = await transpileSource(format);
  });
  afterAll(() => source.remove());

  const load = (door: string): Promise<LoadedModules> => loadedModules(source.folder, door, format);

  it('load the library without what only the emulator, a feature or a test needs', async () => {
    const { packages, files } = await load('index.js');
    expect(packages).toEqual(expect.arrayContaining(['@azure/web-pubsub', '@nestjs/common', '@nestjs/core', 'rxjs']));
    expect(packages.filter((name) => NOT_FOR_THE_LIBRARY.has(name))).toEqual([]);
    expect(files).toContain('library/web-pubsub.module.js');
    expect(files.filter((file) => /^(emulator|inspector|testing|sample)\//.test(file))).toEqual([]);
  });

  it('load the emulator without Nest', async () => {
    const { packages, files } = await load('emulator/index.js');
    expect(packages).toEqual(expect.arrayContaining(['ws', 'mqtt-packet']));
    expect(packages.filter((name) => name.startsWith('@nestjs/') || name === 'rxjs')).toEqual([]);
    expect(files.filter((file) => /^(library|testing|sample)\//.test(file))).toEqual([]);
  });

  it('load the test kit without the official client, which is optional', async () => {
    const { packages, files } = await load('testing/index.js');
    expect(packages).not.toContain('@azure/web-pubsub-client');
    expect(files).toContain('testing/upstream-simulator.js');
    expect(files.filter((file) => file.startsWith('sample/'))).toEqual([]);
  });
});
