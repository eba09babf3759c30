// Packs the package, installs the tarball into freshly made applications of each kind, drives each through its events and
// runs its own jest: `npm run test:hosts`. With `--node 22,24` (or any versions) the applications run on those Nodes; with
// `--only 11` only those whose name contains it; with `--tarball <file>` nothing is built and packed; with `--keep` the folder
// stays. Prints a line per host; ends with 1 when one fails.
import { spawn } from 'node:child_process';
import { createHmac } from 'node:crypto';
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join, resolve } from 'node:path';
import { createInterface } from 'node:readline';
import { parseArgs } from 'node:util';
import { ACCESS_KEY, CONNECTION_STRING, hostFiles, installFiles, jestFlags, NOT_BUNDLED } from './host-files.mjs';
import { smokeFile, smokeFileName } from './smoke-file.mjs';

const HOSTS = [
  { name: 'NestJS 11, CommonJS, Express, default jest', nest: 11, isEsm: false, platform: 'express' },
  { name: 'NestJS 12, CommonJS, Fastify, default jest', nest: 12, isEsm: false, platform: 'fastify' },
  { name: 'NestJS 11, ES modules, Fastify', nest: 11, isEsm: true, platform: 'fastify' },
  { name: 'NestJS 12, ES modules, Express', nest: 12, isEsm: true, platform: 'express' },
  { name: 'NestJS 11.0.0, CommonJS, Fastify', nest: 11, release: '11.0.0', isEsm: false, platform: 'fastify' },
];
/** Of one command; that of the whole is the sum of few. */
const COMMAND_TIMEOUT_MS = 120_000;
/** Much of the time goes by in waiting for the registry. */
const AT_ONCE = 2;

const { values: flags } = parseArgs({
  options: {
    node: { type: 'string' },
    only: { type: 'string' },
    tarball: { type: 'string' },
    keep: { type: 'boolean', default: false },
  },
});
const folder = mkdtempSync(join(tmpdir(), 'nestjs-web-pubsub-hosts-'));
const children = new Set();
/** Folders, by range of versions of Nest. @type {Map<string, Promise<string>>} */
const installed = new Map();

try {
  process.exitCode = await main();
} catch (error) {
  console.log(`FAIL  ${error.message}`);
  process.exitCode = 1;
} finally {
  for (const child of children) child.kill('SIGKILL');
  if (flags.keep) console.log(`kept ${folder}`);
  else rmSync(folder, { recursive: true, force: true, maxRetries: 3 });
}

async function main() {
  const tarball = flags.tarball === undefined ? await pack() : resolve(flags.tarball);
  const hosts = HOSTS.filter(({ name }) => flags.only === undefined || name.includes(flags.only));
  if (hosts.length === 0) console.log(`no host is named ${flags.only}`);
  let failures = 0;
  for (const version of flags.node?.split(',') ?? [undefined]) {
    const node = version === undefined ? process.execPath : await installNode(version);
    console.log(`Node ${await run(node, ['-p', 'process.versions.node'])}`.trim());
    failures += await checkHosts(hosts, tarball, node);
  }
  return failures > 0 || hosts.length === 0 ? 1 : 0;
}

/** How many hosts are not in order. */
async function checkHosts(hosts, tarball, node) {
  const waiting = [...hosts];
  let failures = 0;
  const checkNext = async () => {
    for (let host = waiting.shift(); host; host = waiting.shift()) {
      if (!(await report(host, tarball, node))) failures++;
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, checkNext));
  return failures;
}

/** Whether the host is in order. */
async function report(host, tarball, node) {
  const startedAt = performance.now();
  try {
    const note = await check(host, tarball, node);
    console.log(`ok    ${host.name} (${Math.round((performance.now() - startedAt) / 1000)} s)${note}`);
    return true;
  } catch (error) {
    console.log(`FAIL  ${host.name}: ${error.message}`);
    return false;
  }
}

/** `npm pack` builds first. */
async function pack() {
  const output = await run('npm', ['pack', '--json', '--pack-destination', folder], { cwd: process.cwd() });
  // The build may print before the JSON.
  const listed = JSON.parse(output.slice(output.search(/^[[{]/m)));
  const [packed] = Array.isArray(listed) ? listed : Object.values(listed);
  return join(folder, packed.filename);
}

/** Versions of Node come as npm packages, with the binary inside; npm keeps it in its cache. */
async function installNode(version) {
  const binary = await run('npx', ['--yes', `node@${version}`, '-p', 'process.execPath']);
  return binary.trim();
}

/** What is to be added to the line of a host that is in order. */
async function check(host, tarball, node) {
  const root = join(await install(host, tarball), host.isEsm ? 'esm' : 'commonjs');
  const doors = ['emulator', 'testing'].filter((door) => existsSync(join('src', door, 'index.ts')));
  writeFiles(root, hostFiles(host, doors));
  const runTool = (tool, args, nodeFlags = []) =>
    run(node, [...nodeFlags, join('..', 'node_modules', tool), ...args], { cwd: root });

  await runTool('typescript/bin/tsc', ['-p', 'tsconfig.build.json']);
  await drive(node, ['dist/main.js'], root, async (origin) => {
    await expectChat(origin);
    await expectDoctor(origin, root, node);
  });
  if (!host.isEsm) await checkBundle(root, node);
  const printed = await drive(node, ['mixed.mjs'], root, async (origin) => {
    // When the second event is there, the line about the first is written.
    for (let count = 0; count < 2; count++) await expectMixed(origin);
  });
  if (!printed.includes('type="azure.webpubsub.user.message"')) throw new Error(`no debug line in: ${printed}`);
  await run(node, ['guarded.mjs'], { cwd: root, environment: { WebPubSubConnectionString: CONNECTION_STRING } });
  writeFiles(root, { [smokeFileName(host.isEsm)]: smokeFile(host.isEsm) });
  await run(node, [smokeFileName(host.isEsm)], { cwd: root });
  await drive(node, ['../node_modules/.bin/web-pubsub-emulator', '--port', '0'], root, expectEmulator);
  if (!(await canRunJest(host, node))) return '; its jest needs Node 24.9, with this package or without';
  await runTool('jest/bin/jest.js', [], jestFlags(host));
  return '';
}

/** All of the application in one file, without the optional packages, which no host has installed. */
async function checkBundle(root, node) {
  const settings = ['--bundle', '--platform=node', '--outfile=bundle.js', '--log-level=error'];
  const externals = NOT_BUNDLED.map((name) => `--external:${name}`);
  await run(join('..', 'node_modules', '.bin', 'esbuild'), ['dist/main.js', ...settings, ...externals], { cwd: root });
  await drive(node, ['bundle.js'], root, expectChat);
}

/** Once for each version of Nest; its hosts are in folders below, one of each kind of module. */
function install({ nest, release }, tarball) {
  const range = release ?? `^${nest}.0.0`;
  const root = join(folder, `nest-${release ?? nest}`);
  const installing =
    installed.get(range) ??
    (async () => {
      writeFiles(root, installFiles(nest, range, tarball));
      // Nest's first packages of a major ask for peers of the one before.
      const leniency = release === undefined ? [] : ['--legacy-peer-deps'];
      const order = ['install', '--no-audit', '--no-fund', '--prefer-offline', '--loglevel=error', ...leniency];
      await run('npm', order, { cwd: root });
      return root;
    })();
  installed.set(range, installing);
  return installing;
}

function writeFiles(root, files) {
  for (const [path, content] of Object.entries(files)) {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), content);
  }
}

/** Nest 12 is made of ES modules, which jest cannot require from CommonJS before Node 24.9: with or without this package. */
async function canRunJest({ nest, isEsm }, node) {
  if (nest < 12 || isEsm) return true;
  const [major, minor] = (await run(node, ['-p', 'process.versions.node'])).split('.').map(Number);
  return major > 24 || (major === 24 && minor >= 9);
}

/** The command of the package finds the application in order, and what it serves. */
async function expectDoctor(origin, cwd, node) {
  const environment = {
    WebPubSubConnectionString: CONNECTION_STRING,
    PATH: `${dirname(node)}${delimiter}${process.env.PATH}`,
  };
  const command = join('..', 'node_modules', '.bin', 'nestjs-web-pubsub');
  const version = await run(command, ['--version'], { cwd, environment });
  if (!/^\d+\.\d+\.\d+\S*\n$/.test(version)) throw new Error(`the version is: ${version}`);
  const text = await run(command, ['doctor', '--url', `${origin}/eventhandler`], { cwd, environment });
  if (!text.includes('user-event-pattern="echo" system-event="connect"')) throw new Error(`the doctor said: ${text}`);
}

/** Starts an application, waits until it says where it listens, and ends it when the visit is over. Resolves to its output. */
async function drive(node, args, cwd, visit) {
  const child = start(node, args, { cwd, environment: { WebPubSubConnectionString: CONNECTION_STRING } });
  try {
    await visit(`http://127.0.0.1:${await child.port}`);
  } catch (error) {
    throw new Error(`${args.join(' ')}: ${error.message}\n${child.output()}`, { cause: error });
  } finally {
    child.process.kill();
    await child.ended;
  }
  return child.output();
}

async function expectChat(origin) {
  const cats = await fetch(`${origin}/api/cats`);
  expectEqual('the route of the host', [cats.status, await cats.text()], [200, '["tom"]']);

  const validation = await fetch(`${origin}/eventhandler`, {
    method: 'OPTIONS',
    headers: { 'WebHook-Request-Origin': 'demo.webpubsub.azure.com', 'ce-awpsversion': '1.0' },
  });
  expectEqual(
    'validation',
    [validation.status, validation.headers.get('webhook-allowed-origin')],
    [200, 'demo.webpubsub.azure.com'],
  );

  const connect = await send(
    origin,
    'azure.webpubsub.sys.connect',
    '{"claims":{},"query":{},"headers":{},"subprotocols":[],"clientCertificates":[]}',
  );
  expectEqual('connect', [connect.status, await connect.text()], [200, '{"userId":"ann","groups":["Sample_ChatApp"]}']);

  for (const json of ['{"a":[1]}', 'null', '"text"', '0', JSON.stringify('x'.repeat(1024 * 1024 - 10))]) {
    const echo = await send(origin, 'azure.webpubsub.user.echo', json);
    expectEqual('echo', [echo.status, await echo.text()], [200, `{"data":${json},"userId":"ann","isSameClient":true}`]);
    expectEqual(
      'connection state',
      echo.headers.get('ce-connectionstate'),
      Buffer.from('{"seen":true}').toString('base64'),
    );
  }

  const forged = await send(origin, 'azure.webpubsub.user.echo', '{}', 'another key');
  expectEqual('bad signature', forged.status, 401);
}

async function expectEmulator(origin) {
  const health = await fetch(`${origin}/api/health`);
  expectEqual('health of the emulator', health.status, 200);
}

async function expectMixed(origin) {
  const answer = await send(origin, 'azure.webpubsub.user.message', 'hello', ACCESS_KEY, 'mixed', 'text/plain');
  expectEqual('hub class of one build, module of the other', [answer.status, await answer.text()], [200, 'hello']);
}

function send(origin, type, body, key = ACCESS_KEY, hub = 'sample_chatapp', contentType = 'application/json') {
  return fetch(`${origin}/eventhandler/${type}`, {
    method: 'POST',
    headers: {
      'WebHook-Request-Origin': 'demo.webpubsub.azure.com',
      'Content-Type': contentType,
      'ce-specversion': '1.0',
      'ce-awpsversion': '1.0',
      'ce-type': type,
      'ce-source': `/hubs/${hub}/client/c1`,
      'ce-id': '1',
      'ce-time': '2026-03-04T05:06:07Z',
      'ce-connectionId': 'c1',
      'ce-hub': hub,
      'ce-eventName': type.slice(type.lastIndexOf('.') + 1),
      'ce-userId': 'ann',
      'ce-signature': `sha256=${createHmac('sha256', key).update('c1').digest('hex')}`,
    },
    body,
    signal: AbortSignal.timeout(10_000),
  });
}

function expectEqual(what, actual, expected) {
  const [left, right] = [JSON.stringify(actual), JSON.stringify(expected)];
  if (left !== right) throw new Error(`${what}: ${left.slice(0, 300)} is not ${right.slice(0, 300)}`);
}

/** Resolves to what the command printed, or rejects with the end of it. */
async function run(command, args, { cwd = folder, environment = {} } = {}) {
  const child = start(command, args, { cwd, environment });
  const exitCode = await child.ended;
  if (exitCode === 0) return child.output('stdout');
  throw new Error(`${command} ${args.join(' ')} ended with ${exitCode}\n${child.output().slice(-4_000)}`);
}

function start(command, args, { cwd, environment }) {
  const child = spawn(command, args, {
    cwd,
    env: { ...process.env, ...environment },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  children.add(child);
  const timer = setTimeout(() => child.kill('SIGKILL'), COMMAND_TIMEOUT_MS);
  const printed = { stdout: '', stderr: '' };
  child.stderr.on('data', (data) => (printed.stderr += data));
  child.stdout.on('data', (data) => (printed.stdout += data));
  const ended = new Promise((settle) => {
    child.on('error', (error) => {
      printed.stderr += error.message;
      settle('an error');
    });
    child.on('close', (code, signal) => settle(code ?? signal));
  }).finally(() => {
    clearTimeout(timer);
    children.delete(child);
  });
  const port = new Promise((settle, reject) => {
    createInterface({ input: child.stdout }).on('line', (line) => {
      const match = /^listening on (\d+)$|Inspector +http:\/\/localhost:(\d+)\//.exec(line);
      if (match) settle(match[1] ?? match[2]);
    });
    void ended.then((code) => reject(new Error(`it ended with ${code}`)));
  });
  port.catch(() => undefined);
  return {
    process: child,
    port,
    ended,
    output: (stream) => (stream ? printed[stream] : `${printed.stdout}${printed.stderr}`),
  };
}
