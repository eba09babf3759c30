import { readdirSync, readFileSync } from 'node:fs';
import { join, posix } from 'node:path';
import { describe, expect, it } from '@jest/globals';

const SOURCE = join(process.cwd(), 'src');

const EMULATOR_ROOM = ['emulator/core', 'emulator/*', 'protocol'];
const SOCKET_ROOM = ['emulator/frames', ...EMULATOR_ROOM];

/**
 * Which rooms of the house each room may import from, beside itself. `emulator/*` stands for the files that lie directly in
 * that folder; a file or folder that is not named belongs to the nearest one above it.
 */
const MAY_IMPORT: Record<string, readonly string[]> = {
  protocol: [],
  library: ['protocol'],
  'emulator/core': ['protocol'],
  'emulator/*': ['emulator/core', 'protocol'],
  'emulator/frames': ['emulator/core'],
  'emulator/client': SOCKET_ROOM,
  'emulator/rest': EMULATOR_ROOM,
  'emulator/tunnel': EMULATOR_ROOM,
  'emulator/upstream': EMULATOR_ROOM,
  'emulator/mqtt': SOCKET_ROOM,
  'emulator/configuration': EMULATOR_ROOM,
  'emulator/faults': EMULATOR_ROOM,
  'emulator/identity': EMULATOR_ROOM,
  // The composition root joins the rooms; the command is built on it.
  'emulator/web-pubsub-emulator.ts': ['emulator', 'inspector', 'protocol'],
  'emulator/command': ['emulator', 'protocol'],
  'emulator/command.ts': ['emulator', 'protocol'],
  inspector: ['emulator', 'protocol'],
  testing: ['library', 'emulator', 'inspector', 'protocol'],
  sample: ['library', 'emulator', 'inspector', 'testing', 'protocol'],
};

/** For outsiders: they only pass names on, and nothing inside goes through them. */
const DOORS = new Set(['index.ts', 'emulator/index.ts', 'testing/index.ts']);

interface Import {
  readonly from: string;
  readonly to: string;
  /** Loaded together with the importing file, unlike types, which are gone by then, and `import()`, which comes later. */
  readonly isLoadedAlong: boolean;
}

const files = readdirSync(SOURCE, { recursive: true, encoding: 'utf8' })
  .map((file) => file.replaceAll('\\', '/'))
  .filter((file) => file.endsWith('.ts'));
const imports = files.flatMap(importsOf);

function importsOf(from: string): Import[] {
  const text = readFileSync(join(SOURCE, from), 'utf8');
  const target = (path: string): string => posix.join(posix.dirname(from), `${path}.ts`);
  const statements = text.matchAll(/^(?:import|export)\b(\s+type\b)?[^;'"()=]*?['"](\.[^'"]+)\.js['"]/gms);
  const expressions = text.matchAll(/\bimport\(\s*['"](\.[^'"]+)\.js['"]/g);
  return [
    ...[...statements].map(([, type, path = '']) => ({ from, to: target(path), isLoadedAlong: type === undefined })),
    ...[...expressions].map(([, path = '']) => ({ from, to: target(path), isLoadedAlong: false })),
  ];
}

function roomOf(file: string): string {
  const rooms = Object.keys(MAY_IMPORT).filter((room) => file === room || file.startsWith(`${room}/`));
  const nearest = rooms.toSorted((a, b) => b.length - a.length)[0];
  if (nearest !== undefined) return nearest;
  return /^emulator\/[^/]+$/.test(file) ? 'emulator/*' : file;
}

function allows(room: string, target: string): boolean {
  const targetRoom = roomOf(target);
  return [room, ...(MAY_IMPORT[room] ?? [])].some(
    (allowed) => targetRoom === allowed || targetRoom.startsWith(`${allowed}/`),
  );
}

describe('layers', () => {
  it('have a place for every file', () => {
    const homeless = files.filter((file) => !DOORS.has(file) && !(roomOf(file) in MAY_IMPORT));
    expect(files.length).toBeGreaterThan(50);
    expect(homeless).toEqual([]);
  });

  it('import downwards only', () => {
    const upward = imports
      .filter(({ from, to }) => !DOORS.has(from) && !DOORS.has(to) && !allows(roomOf(from), to))
      .map(({ from, to }) => `${from} -> ${to}`);
    expect(upward).toEqual([]);
  });

  it('leave the doors to outsiders', () => {
    const throughDoors = imports.filter(({ to }) => DOORS.has(to)).map(({ from, to }) => `${from} -> ${to}`);
    expect(throughDoors).toEqual([]);
  });

  it('have no cycles, which fail at load where decorators emit metadata', () => {
    const loads = imports.filter(({ isLoadedAlong }) => isLoadedAlong);
    expect(cyclesIn(new Map(files.map((file) => [file, loads.filter(({ from }) => from === file)])))).toEqual([]);
  });
});

function cyclesIn(graph: ReadonlyMap<string, readonly Import[]>): string[] {
  const cycles: string[] = [];
  const done = new Set<string>();
  const visit = (file: string, path: readonly string[]): void => {
    if (path.includes(file)) cycles.push([...path.slice(path.indexOf(file)), file].join(' -> '));
    if (path.includes(file) || done.has(file)) return;
    for (const { to } of graph.get(file) ?? []) visit(to, [...path, file]);
    done.add(file);
  };
  for (const file of graph.keys()) visit(file, []);
  return cycles;
}
