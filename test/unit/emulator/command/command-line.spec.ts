import { describe, expect, it } from '@jest/globals';
import { parseCommandLine } from '../../../../src/emulator/command/command-line.js';

function parse(line: string) {
  return parseCommandLine(line === '' ? [] : line.split(' '), '1.2.3');
}

const HANDLER = 'url-template=http://localhost:8080/eventhandler';
const urlTemplate = 'http://localhost:8080/eventhandler';

describe('the command line', () => {
  it.each<[string, object]>([
    ['', {}],
    ['--port 8888', { port: 8888 }],
    ['--port=0 --host 0.0.0.0', { port: 0, host: '0.0.0.0' }],
    [`--access-key ${'k'.repeat(32)}`, { accessKey: 'k'.repeat(32) }],
    [`--secondary-access-key ${'k'.repeat(32)}`, { secondaryAccessKey: 'k'.repeat(32) }],
    ['--allow-unvalidated-entra-tokens', { allowUnvalidatedEntraTokens: true }],
    ['--hub-name chat', { hubs: { chat: {} } }],
    ['--hub-name chat --allow-anonymous', { hubs: { chat: { anonymousConnectPolicy: 'allow' } } }],
    ['--hub-name chat --allow-anonymous true', { hubs: { chat: { anonymousConnectPolicy: 'allow' } } }],
    ['--hub-name chat --websocket-keepalive 30', { hubs: { chat: { webSocketKeepAliveIntervalInSeconds: 30 } } }],
    ['--websocket-keepalive=1 --hub-name chat', { hubs: { chat: { webSocketKeepAliveIntervalInSeconds: 1 } } }],
    [
      '--hub-name one --websocket-keepalive 120 --hub-name two',
      { hubs: { one: { webSocketKeepAliveIntervalInSeconds: 120 }, two: {} } },
    ],
    ['--allow-anonymous False --hub-name chat', { hubs: { chat: { anonymousConnectPolicy: 'deny' } } }],
    [
      `--port 8888 --hub-name Sample_ChatApp --event-handler ${HANDLER} user-event-pattern=* system-event=connect system-event=connected system-event=disconnected`,
      {
        port: 8888,
        hubs: {
          Sample_ChatApp: {
            eventHandlers: [
              { urlTemplate, userEventPattern: '*', systemEvents: ['connect', 'connected', 'disconnected'] },
            ],
          },
        },
      },
    ],
    [
      `--event-handler user-event-pattern=a ${HANDLER}?code=x=y --hub-name one --event-handler ${HANDLER} --port 1 --hub-name two --event-handler=${HANDLER} system-event=connect --allow-anonymous`,
      {
        port: 1,
        hubs: {
          one: { eventHandlers: [{ urlTemplate: `${urlTemplate}?code=x=y`, userEventPattern: 'a' }, { urlTemplate }] },
          two: { eventHandlers: [{ urlTemplate, systemEvents: ['connect'] }], anonymousConnectPolicy: 'allow' },
        },
      },
    ],
    [
      `--hub-name a --event-handler ${HANDLER} auth-type=ManagedIdentity auth-resource=api://app`,
      {
        hubs: {
          a: {
            eventHandlers: [
              { urlTemplate, auth: { type: 'ManagedIdentity', managedIdentity: { resource: 'api://app' } } },
            ],
          },
        },
      },
    ],
  ])('%s', (line, configuration) => {
    expect(parse(line)).toEqual({ kind: 'start', configuration });
  });

  it('names a configuration file', () => {
    expect(parse('--config emulator.json --port 1')).toEqual({
      kind: 'start',
      configFile: 'emulator.json',
      configuration: { port: 1 },
    });
  });

  it.each<[string, string]>([
    ['--prot 1', "unknown option '--prot'"],
    ['--prot 1', 'Did you mean --port?'],
    ['8888', 'too many arguments'],
    ['--port', "option '--port <port>' argument missing"],
    ['--port abc', 'port: must be a whole number from 0 to 65535, "abc" was given'],
    ['--port 70000', 'port: must be a whole number from 0 to 65535, 70000 was given'],
    ['--access-key short', 'accessKey: must have at least 32 bytes'],
    ['--hub-name my-hub', 'hubs.my-hub: is not a hub name'],
    ['--hub-name a --hub-name A', '--hub-name: A is given twice'],
    ['--allow-anonymous maybe --hub-name a', '--allow-anonymous: must be true or false, "maybe" was given'],
    [`--event-handler ${HANDLER}`, 'need a --hub-name to belong to'],
    ['--websocket-keepalive 30', '--websocket-keepalive: need a --hub-name to belong to'],
    ['--hub-name a --websocket-keepalive', "option '--websocket-keepalive <seconds>' argument missing"],
    [
      '--hub-name a --websocket-keepalive soon',
      'hubs.a.webSocketKeepAliveIntervalInSeconds: must be a whole number from 1 to 120, "soon" was given',
    ],
    [
      '--hub-name a --websocket-keepalive 121',
      'hubs.a.webSocketKeepAliveIntervalInSeconds: must be a whole number from 1 to 120, 121 was given',
    ],
    ['--hub-name a --event-handler', '--event-handler: needs url-template=URL'],
    ['--hub-name a --event-handler --port 0', '--event-handler: needs url-template=URL'],
    [`--hub-name a --event-handler --event-handler ${HANDLER}`, '--event-handler: needs url-template=URL'],
    ['--hub-name a --event-handler system-event=connect', '--event-handler: needs url-template=URL'],
    [`--hub-name a --event-handler url=x`, '--event-handler: "url=x" is not one of url-template=...'],
    [`--hub-name a --event-handler ${HANDLER} connect`, '--event-handler: "connect" is not one of url-template=...'],
    [
      `--hub-name a --event-handler ${HANDLER} URL-template=http://localhost:9090/`,
      '--event-handler: url-template is given twice; keep one, or begin another --event-handler',
    ],
    [
      `--hub-name a --event-handler ${HANDLER} user-event-pattern=a user-event-pattern=b`,
      '--event-handler: user-event-pattern is given twice',
    ],
    [
      `--hub-name a --event-handler ${HANDLER} system-event=message`,
      'hubs.a.eventHandlers[0].systemEvents[0]: must be',
    ],
    ['--hub-name a --event-handler url-template=/x', 'hubs.a.eventHandlers[0].urlTemplate: must be an absolute URL'],
    [
      `--hub-name a --event-handler ${HANDLER} auth-type=ManagedIdentity`,
      'auth.managedIdentity: must name the resource',
    ],
  ])('%s is refused: %s', (line, problem) => {
    expect(parse(line)).toEqual({ kind: 'invalid', problem: expect.stringContaining(problem) });
  });

  it('shows its version and its flags', () => {
    expect(parse('--version')).toEqual({ kind: 'show', text: '1.2.3\n' });
    const help = parse('--help');
    expect(help).toMatchObject({ kind: 'show', text: expect.stringContaining('local and test use only') });
    const flags = ['--port', '--host', '--hub-name', '--event-handler', '--allow-anonymous', '--websocket-keepalive'];
    for (const flag of [...flags, '--config']) {
      expect(help).toMatchObject({ text: expect.stringContaining(flag) });
    }
  });
});
