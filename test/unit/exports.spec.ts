import { describe, expect, it } from '@jest/globals';
import * as library from '../../src/index.js';
import * as emulator from '../../src/emulator/index.js';
import * as testing from '../../src/testing/index.js';
import { compilerOptionsOf, declarationsOf, docstringOf, exportsOf } from '../support/door-exports.js';

/** A name that is added, renamed or taken away is a change for users: it belongs here and in CHANGELOG.md. */
const DOORS: Record<string, { loaded: object; values: string[]; types: string[] }> = {
  'index.ts': {
    loaded: library,
    values: [
      'ConnectRequest',
      'ConnectResponse',
      'ConnectedRequest',
      'Connection',
      'ConnectionContext',
      'ConnectionStates',
      'DisconnectedRequest',
      'EventData',
      'EventRequest',
      'GroupJoinedRequest',
      'GroupLeftRequest',
      'HubRequest',
      'InMemoryIdempotencyStore',
      'InjectServiceClient',
      'MqttConnectException',
      'OnConnect',
      'OnConnected',
      'OnDisconnected',
      'OnGroupJoined',
      'OnGroupLeft',
      'OnMessage',
      'OnUserEvent',
      'ServiceClients',
      'StartUpError',
      'States',
      'UserEventRequest',
      'UserEventResponse',
      'WebPubSubExecutionContext',
      'WebPubSubHealthIndicator',
      'WebPubSubHub',
      'WebPubSubHubs',
      'WebPubSubModule',
      'diagnoseUpstream',
      'formatDiagnosis',
      'getServiceClientToken',
      'hubSettingsFor',
      'isWebPubSubContext',
    ],
    types: [
      'ClientAccess',
      'ClientAccessOptions',
      'DiagnoseUpstreamOptions',
      'EntraOptions',
      'HubDescription',
      'HubEventHandler',
      'HubSettings',
      'IdempotencyOptions',
      'IdempotencyStore',
      'InMemoryIdempotencyOptions',
      'MessageDataType',
      'MessageMetadata',
      'MqttConnectProperties',
      'MqttDisconnectProperties',
      'MqttUserProperty',
      'MultiMap',
      'ServiceHealth',
      'ServicePingOptions',
      'UpstreamAuthOptions',
      'UpstreamCheck',
      'UpstreamDiagnosis',
      'UpstreamFinding',
      'UserEventResponseOptions',
      'WebPubSubModuleExtras',
      'WebPubSubModuleOptions',
      'WebPubSubOptionsFactory',
    ],
  },
  'emulator/index.ts': {
    loaded: emulator,
    values: [
      'DEFAULT_ACCESS_KEY',
      'EMULATOR_APP_ID',
      'EMULATOR_TENANT_ID',
      'FaultTargetError',
      'InvalidSettingError',
      'WebPubSubEmulator',
      'silentLogger',
      'systemClock',
    ],
    types: [
      'ClientTraffic',
      'Clock',
      'ConnectedEvent',
      'DelayUpstreamFault',
      'DisconnectedEvent',
      'DropSocketFault',
      'EmulatorLogger',
      'EmulatorOptions',
      'EventContext',
      'EventHandlerAuth',
      'EventHandlerSettings',
      'EventListener',
      'ExpireAccessTokenFault',
      'ExpireReconnectionTokenFault',
      'FailUpstreamFault',
      'Fault',
      'FaultHandle',
      'FaultKind',
      'FaultSwitches',
      'ForceRecoveryFault',
      'HubSettings',
      'ListenedEvent',
      'RefuseValidationFault',
      'RepeatUpstreamFault',
      'RestTraffic',
      'ScheduledCall',
      'SystemEventName',
      'ThrottleClientFault',
      'TrafficEntry',
      'TrafficLog',
      'TunnelControl',
      'TunnelMove',
      'TunnelStatus',
      'UpstreamFaultTarget',
      'UpstreamRequest',
      'UpstreamResponse',
      'UpstreamTraffic',
      'UserEvent',
    ],
  },
  'testing/index.ts': {
    loaded: testing,
    values: [
      'SimulatedConnection',
      'TestClient',
      'TestService',
      'UpstreamSimulator',
      'createFakeServiceClient',
      'provideFakeServiceClient',
      'startTestService',
    ],
    types: [
      'FakeServiceClient',
      'ReceivedMessage',
      'ServiceClientCall',
      'ServiceOperation',
      'SimulatedClient',
      'SimulatedEventOptions',
      'SimulatedReply',
      'SimulatedValidation',
      'TestClientOptions',
      'TestServiceOptions',
      'UpstreamSimulatorOptions',
    ],
  },
};

describe.each(Object.entries(DOORS))('the door %s', (door, { values, types, loaded }) => {
  const exported = exportsOf(door);

  it('exports these names and no others', () => {
    const named = (isType: boolean) =>
      exported
        .filter((item) => item.isType === isType)
        .map(({ name }) => name)
        .sort();
    expect({ values: named(false), types: named(true) }).toEqual({
      values: [...values].sort(),
      types: [...types].sort(),
    });
    expect(Object.keys(loaded).sort()).toEqual(named(false));
  });

  it.each(['tsconfig.build.json', 'tsconfig.commonjs.json'])('has docstrings in the declarations of %s', (project) => {
    expect(compilerOptionsOf(project).removeComments).not.toBe(true);
    const files = new Map(
      [...new Set(exported.map(({ file }) => file))].map((file) => [file, declarationsOf(file, project)]),
    );
    const silent = exported.filter((item) => {
      const docstring = docstringOf(item, files.get(item.file)!);
      return docstring === undefined || /^\/\*\*[\s*]*(@publicApi)?[\s*]*\*\/$/.test(docstring);
    });
    expect(silent.map(({ name, file }) => `${name} (${file})`)).toEqual([]);
    const unmarked = exported.filter((item) => !docstringOf(item, files.get(item.file)!)?.includes('@publicApi'));
    expect(unmarked.map(({ name, file }) => `${name} (${file})`)).toEqual([]);
  });
});
