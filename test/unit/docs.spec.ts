import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';
import ts from 'typescript';
import { FAULT_KINDS } from '../../src/emulator/faults/fault.validator.js';
import { parseCommandLine } from '../../src/emulator/command/command-line.js';
import { runCommand } from '../../src/library/doctor/doctor.command.js';
import * as decoratorMessages from '../../src/library/decorators/decorator.messages.js';
import * as hubMessages from '../../src/library/hubs/hub.messages.js';
import * as securityMessages from '../../src/library/security/security.messages.js';
import * as serviceClientMessages from '../../src/library/service-client/service-client.messages.js';
import { normalizeEventPath } from '../../src/library/upstream/event-path.js';
import * as optionMessages from '../../src/library/web-pubsub-options.messages.js';
import { DEFAULT_MAX_BODY_BYTES, DEFAULT_MAX_STATE_BYTES } from '../../src/library/web-pubsub.constants.js';
import { compileSnippets, type Snippet } from '../support/compile-snippets.js';
import { brokenLinks, fileOf, readPage, readPages, tableRows, type CodeBlock } from '../support/documents.js';

const pages = readPages();
const blocks = pages.flatMap((page) => page.blocks);
const packageJson = JSON.parse(readFileSync('package.json', 'utf8')) as {
  scripts: Record<string, string>;
  exports: Record<string, unknown>;
};

function blocksIn(language: string): CodeBlock[] {
  return blocks.filter((block) => block.language === language);
}

/** A block that is a file is compiled in its place, among those that it imports. */
function toSnippet(block: CodeBlock): Snippet {
  const name = `${block.page}:${block.line}`;
  const file = fileOf(block);
  return { name, text: file?.code ?? block.text, path: file?.path ?? `${name.replaceAll(/[/:.]/g, '-')}.ts` };
}

describe('the documentation', () => {
  it('has code that compiles, by a compiler that would tell', () => {
    const wrong = { name: 'wrong', path: 'wrong.ts', text: `export { OnMessages } from 'nestjs-web-pubsub';\n` };
    const snippets = blocksIn('ts').map(toSnippet);
    expect(snippets.length).toBeGreaterThan(40);
    expect(compileSnippets([...snippets, wrong])).toEqual([expect.stringMatching(/^wrong, line 1 .*'OnMessages'/)]);
  }, 120_000);

  it('has JSON that parses', () => {
    const texts = blocksIn('json').map(({ text }) => text);
    expect(texts.length).toBeGreaterThan(2);
    for (const text of texts) expect(() => JSON.parse(text) as unknown).not.toThrow();
  });

  it('leads to files and sections that are there', () => {
    expect(brokenLinks({ path: 'README.md', text: '[x](docs/none.md) [y](docs/README.md#none)', blocks: [] })).toEqual([
      'README.md: docs/none.md',
      'README.md: docs/README.md#none',
    ]);
    expect(pages.flatMap(brokenLinks)).toEqual([]);
  });

  it('can be reached from its index', () => {
    const index = pages.find(({ path }) => path === 'docs/README.md')?.text ?? '';
    const unreached = pages
      .filter(({ path }) => path.startsWith('docs/') && path !== 'docs/README.md')
      .filter(({ path }) => !index.includes(`](${path.slice('docs/'.length)})`));
    expect(unreached.map(({ path }) => path)).toEqual([]);
  });

  it('names scripts and doors that package.json has', () => {
    const texts = pages.map(({ text }) => text).join('\n');
    const scripts = [...texts.matchAll(/npm (?:run )?(start|test|lint|build|[a-z]+:[a-z:0-9]+)\b/g)];
    expect(scripts.length).toBeGreaterThan(5);
    expect(scripts.map(([, name = '']) => name).filter((name) => !(name in packageJson.scripts))).toEqual([]);
    const doors = [...texts.matchAll(/from 'nestjs-web-pubsub(\/[^']+)?'/g)].map(([, door = '']) => `.${door}`);
    expect(new Set(doors)).toEqual(new Set(['.', './emulator', './testing']));
    expect(doors.filter((door) => !(door in packageJson.exports))).toEqual([]);
  });
});

describe('the guides', () => {
  const files = blocksIn('ts').flatMap((block) => fileOf(block) ?? []);

  it('show files as tests run them', () => {
    expect(files.length).toBeGreaterThan(20);
    for (const { path, code } of files) {
      expect([path, existsSync(path) ? readFileSync(path, 'utf8') : 'absent']).toEqual([path, code]);
    }
  });

  it('show every file of test/guides, and each has a test', () => {
    const present = readdirSync('test/guides', { recursive: true, encoding: 'utf8' })
      .filter((name) => name.endsWith('.ts'))
      .map((name) => `test/guides/${name.replaceAll('\\', '/')}`);
    expect(files.map(({ path }) => path).toSorted()).toEqual(present.toSorted());
    const guides = new Set(present.map((path) => path.split('/')[2]));
    expect([...guides].filter((guide) => !existsSync(`test/e2e/guides/${guide}.e2e-spec.ts`))).toEqual([]);
  });
});

/** Members of an interface, as its source says. */
function membersOf(file: string, name: string): string[] {
  const source = ts.createSourceFile(file, readFileSync(file, 'utf8'), ts.ScriptTarget.ES2023);
  const declaration = source.statements.find(
    (statement): statement is ts.InterfaceDeclaration =>
      ts.isInterfaceDeclaration(statement) && statement.name.text === name,
  );
  if (!declaration) throw new Error(`${file} has no interface ${name}.`);
  return declaration.members.map((member) => (member.name as ts.Identifier).text).toSorted();
}

/** What stands as code in the first column below a heading. */
function firstColumn(page: string, heading: string): string[] {
  return tableRows(readPage(page), heading)
    .flatMap(([cell = '']) => /^`([^`]+)`$/.exec(cell)?.[1] ?? [])
    .toSorted();
}

describe('the reference', () => {
  const OPTIONS = 'src/library/web-pubsub-options.interface.ts';
  const EMULATOR = 'docs/reference/emulator.md';

  it('has a section for every option of the module, and for no other', () => {
    const { text } = readPage('docs/reference/options.md');
    const sections = text.slice(text.indexOf('\n## The options')).matchAll(/^### (.+)$/gm);
    expect([...sections].map(([, name]) => name).toSorted()).toEqual(membersOf(OPTIONS, 'WebPubSubModuleOptions'));
  });

  it.each<[string, string, string, string]>([
    ['docs/reference/options.md', 'upstreamAuth', OPTIONS, 'UpstreamAuthOptions EntraOptions'],
    [
      'docs/reference/options.md',
      'idempotency',
      'src/library/idempotency/idempotency-store.interface.ts',
      'IdempotencyOptions',
    ],
    [EMULATOR, 'Options', 'src/emulator/emulator-options.ts', 'EmulatorOptions'],
    [EMULATOR, 'Hub settings', 'src/emulator/core/hub-settings.ts', 'HubSettings'],
    [EMULATOR, 'Event handlers', 'src/emulator/core/hub-settings.ts', 'EventHandlerSettings'],
    ['docs/reference/testing.md', 'UpstreamSimulator', 'src/testing/upstream-simulator.ts', 'UpstreamSimulatorOptions'],
    ['docs/reference/testing.md', 'startTestService', 'src/testing/test-service.ts', 'TestServiceOptions'],
  ])('%s lists below "%s" what %s declares as %s', (page, heading, file, names) => {
    const declared = names.split(' ').flatMap((name) => membersOf(file, name));
    // The same section may have a table of methods, which are no names alone.
    const listed = firstColumn(page, heading).filter((name) => /^\w+$/.test(name));
    expect(listed).toEqual(declared.toSorted());
  });

  it.each([
    ['maxBodyBytes', DEFAULT_MAX_BODY_BYTES],
    ['maxStateBytes', DEFAULT_MAX_STATE_BYTES],
  ])('says the default of %s', (option, value) => {
    const [, section = ''] = readPage('docs/reference/options.md').text.split(`### ${option}\n`);
    expect(section.split('\n### ')[0]).toContain(`Default: ${value.toLocaleString('en')}`);
  });

  it('lists every kind of fault', () => {
    expect(firstColumn(EMULATOR, 'Faults').filter((name) => /^[a-z]\w+$/i.test(name))).toEqual(FAULT_KINDS.toSorted());
  });

  it('lists every decorator that the package exports', () => {
    const door = readFileSync('src/index.ts', 'utf8');
    const exported = [
      ...(/\{([^}]+)\} from '.\/library\/decorators\/event-handler/.exec(door)?.[1] ?? '').split(','),
      ...(/\{([^}]+)\} from '.\/library\/decorators\/event-params/.exec(door)?.[1] ?? '').split(','),
      'WebPubSubHub',
      'InjectServiceClient',
    ].map((name) => name.trim());
    const { text } = readPage('docs/reference/decorators.md');
    const rows = [...text.matchAll(/^\| `@(\w+)\(/gm)].map(([, name]) => name);
    expect(new Set(rows)).toEqual(new Set(exported.filter((name) => name !== '')));
  });

  it('lists every flag of web-pubsub-emulator', () => {
    const help = parseCommandLine(['--help'], '1.0.0');
    expect(flagsOf('web-pubsub-emulator')).toEqual(flagsOfHelp(help.kind === 'show' ? help.text : ''));
  });

  it('lists every flag of the doctor', async () => {
    let help = '';
    await runCommand(['node', 'nestjs-web-pubsub', 'doctor', '--help'], {}, (text) => (help += text));
    expect(flagsOf('nestjs-web-pubsub doctor')).toEqual(flagsOfHelp(help));
  });

  function flagsOf(heading: string): string[] {
    return firstColumn('docs/reference/command.md', heading)
      .flatMap((cell) => /--[a-z-]+/.exec(cell) ?? [])
      .toSorted();
  }

  function flagsOfHelp(help: string): string[] {
    const flags = [...help.matchAll(/^ {2}(?:-\w, )?(--[a-z-]+)/gm)].map(([, flag = '']) => flag);
    expect(flags.length).toBeGreaterThan(3);
    return flags.toSorted();
  }
});

it('the page of the lifecycle names files that are there', () => {
  const names = [...readPage('docs/lifecycle.md').text.matchAll(/[\w.-]+\.ts\b/g)].map(([name]) => name);
  const paths = readdirSync('src', { recursive: true, encoding: 'utf8' });
  const present = new Set(paths.map((path) => path.split(/[\\/]/).at(-1)));
  expect(names.length).toBeGreaterThan(20);
  expect(names.filter((name) => !present.has(name))).toEqual([]);
});

describe('the page of errors', () => {
  /** Each message with what stands on the page for the values in it. */
  const messages: Record<string, () => string> = {
    hubNameInvalid: () => hubMessages.hubNameInvalid('<class>', '<name>'),
    eventNameInvalid: () => hubMessages.eventNameInvalid('<class>.<method>', '<name>'),
    eventNameMissing: () => hubMessages.eventNameMissing('<class>.<method>'),
    eventHandledTwice: () =>
      hubMessages.eventHandledTwice(
        '<hub>',
        { kind: 'user', name: '<name>' },
        '<class>.<method>',
        '<other class>.<method>',
      ),
    hubClassProvidedTwice: () => hubMessages.hubClassProvidedTwice('<class>', '<module>', '<other module>'),
    hubDecoratorMissing: () => hubMessages.hubDecoratorMissing('<class>', '<method>'),
    handlerOverridden: () =>
      hubMessages.handlerOverridden('<class>', '<base class>', '<method>', [{ kind: 'user', name: '<name>' }]),
    handlerNotMethod: () => decoratorMessages.handlerNotMethod('<class>', '<method>'),
    hubIsController: () => hubMessages.hubIsController('<class>'),
    enhancersNotReached: () => hubMessages.enhancersNotReached('<class>', ['<enhancers>']),
    enhancersNotReachedLater: () => hubMessages.enhancersNotReachedLater('<class>', ['<enhancers>']),
    hubMadePerEvent: () => hubMessages.hubMadePerEvent('<class>'),
    enhancersNotMade: () => hubMessages.enhancersNotMade('<class>', '<method>', ['<enhancers>']),
    enhancersOfReplaced: () => hubMessages.enhancersOfReplaced('<class>', '<method>', ['<enhancers>']),
    NOTHING_AUTHENTICATES: () => securityMessages.NOTHING_AUTHENTICATES,
    CONNECTION_STRING_EMPTY: () => securityMessages.CONNECTION_STRING_EMPTY,
    SIGNATURE_WITHOUT_KEY: () => securityMessages.SIGNATURE_WITHOUT_KEY,
    entraTenantMissing: () => securityMessages.entraTenantMissing('<tenant>'),
    ENTRA_AUDIENCE_MISSING: () => securityMessages.ENTRA_AUDIENCE_MISSING,
    entraJwksUriUnsafe: () => securityMessages.entraJwksUriUnsafe('<address>'),
    OPTIONS_MISSING: () => optionMessages.OPTIONS_MISSING,
    MODULE_NOT_CONFIGURED: () => optionMessages.MODULE_NOT_CONFIGURED,
    optionMisspelled: () => optionMessages.optionMisspelled('<name>', '<option>'),
    optionWrong: () => optionMessages.optionWrong('<option>', '<expected>', '<value>').replace('"<value>"', '<value>'),
    POST_ROUTE_TAKEN: () => optionMessages.POST_ROUTE_TAKEN,
    pathTakenTwice: () => optionMessages.pathTakenTwice('<path>'),
    badConnectionString: () => serviceClientMessages.badConnectionString(0, 1, '<problem>'),
    ENDPOINT_MISSING: () => serviceClientMessages.ENDPOINT_MISSING,
    CREDENTIAL_MISSING: () => serviceClientMessages.CREDENTIAL_MISSING,
    CREDENTIAL_UNKNOWN: () => serviceClientMessages.CREDENTIAL_UNKNOWN,
    CREDENTIAL_EMPTY: () => serviceClientMessages.CREDENTIAL_EMPTY,
    ENDPOINT_NOT_ADDRESS: () => serviceClientMessages.ENDPOINT_NOT_ADDRESS,
    insecureEndpoint: () => serviceClientMessages.insecureEndpoint('<endpoint>'),
    tokenOverHttp: () => serviceClientMessages.tokenOverHttp('<endpoint>'),
    SERVICE_UNKNOWN: () => serviceClientMessages.SERVICE_UNKNOWN,
    badHubName: () => serviceClientMessages.badHubName('<name>'),
    badExpiration: () => serviceClientMessages.badExpiration('<minutes>'),
  };

  const inOneLine = (text: string): string => text.replaceAll(/\s+/g, ' ').trim();

  it('is asked for every message that the library has', () => {
    const catalogues = [decoratorMessages, hubMessages, securityMessages, optionMessages, serviceClientMessages];
    const exported = catalogues.flatMap((catalogue) => Object.keys(catalogue));
    const parts = new Set(['describeEvent', 'QUOTED']);
    expect(Object.keys(messages).toSorted()).toEqual(exported.filter((name) => !parts.has(name)).toSorted());
  });

  it('has every message that stops the start, and no other', () => {
    const { text } = readPage('docs/reference/errors.md');
    const section = text.slice(text.indexOf('\n## Start-up errors'), text.indexOf('\n## Wrong requests'));
    const shown = [...section.matchAll(/^```text\n(.*?)^```$/gms)].map(([, message = '']) => inOneLine(message));
    const path = messageOf(() => normalizeEventPath('<path>'));
    const known = [...Object.values(messages).map((message) => message()), path.replace('/<path>', '<path>')];
    expect(shown.toSorted()).toEqual(known.map(inOneLine).toSorted());
  });

  function messageOf(run: () => unknown): string {
    try {
      run();
    } catch (error) {
      return (error as Error).message;
    }
    throw new Error('Nothing was thrown.');
  }
});
