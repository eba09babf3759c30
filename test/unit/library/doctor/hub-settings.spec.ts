import { describe, expect, it } from '@jest/globals';
import { hubSettingsFor } from '../../../../src/library/doctor/hub-settings.js';

const CHAT = { hub: 'Sample_ChatApp', systemEvents: ['disconnected', 'connect'], userEvents: ['message', 'join'] };

describe('hubSettingsFor [upstream-events 1]', () => {
  it('writes the command of the Azure CLI', () => {
    const { azureCli, note } = hubSettingsFor([CHAT], 'https://chat.example/eventhandler/{event}');
    expect(azureCli).toEqual([
      'az webpubsub hub create --name <resource> --resource-group <resource-group> \\\n' +
        '  --hub-name Sample_ChatApp \\\n' +
        '  --event-handler url-template="https://chat.example/eventhandler/{event}" user-event-pattern="message,join" ' +
        'system-event="connect" system-event="disconnected"',
    ]);
    expect(note).toBeUndefined();
  });

  it('writes the Bicep resource', () => {
    const { bicep } = hubSettingsFor([CHAT], 'https://chat.example/eventhandler');
    expect(bicep).toBe(`resource hubSampleChatApp 'Microsoft.SignalRService/webPubSub/hubs@2024-03-01' = {
  parent: webPubSub
  name: 'Sample_ChatApp'
  properties: {
    anonymousConnectPolicy: 'deny'
    eventHandlers: [
      {
        urlTemplate: 'https://chat.example/eventhandler'
        userEventPattern: 'message,join'
        systemEvents: [
          'connect'
          'disconnected'
        ]
      }
    ]
  }
}`);
  });

  it('leaves out what a hub does not handle', () => {
    const { azureCli, bicep } = hubSettingsFor([{ hub: 'a', systemEvents: [], userEvents: [] }], 'https://a.example/');
    expect(azureCli[0]).toMatch(/--event-handler url-template="https:\/\/a.example\/"$/);
    expect(bicep).not.toMatch(/userEventPattern|systemEvents/);
  });

  it('asks for all user events when one handler takes all', () => {
    const hub = { hub: 'a', systemEvents: [], userEvents: ['join', '*'] };
    expect(hubSettingsFor([hub], 'https://a.example/').azureCli[0]).toContain('user-event-pattern="*"');
  });

  it('gives each hub a symbol of its own, and quotes odd names', () => {
    const hubs = ['a_b', 'ab', 'a`b'].map((hub) => ({ hub, systemEvents: [], userEvents: ['*'] }));
    const { bicep, azureCli } = hubSettingsFor(hubs, 'https://a.example/');
    expect(bicep.match(/resource \w+/g)).toEqual(['resource hubab', 'resource hubab2', 'resource hubab3']);
    expect(azureCli[2]).toContain("--hub-name 'a`b'");
  });

  it('lets a shell read nothing in what it quotes', () => {
    const hub = { hub: 'a', systemEvents: [], userEvents: ['$(id)'] };
    const { azureCli } = hubSettingsFor([hub], 'https://a.example/?code=`id`&b="c"\'d\\');
    expect(azureCli[0]).toContain(
      "url-template='https://a.example/?code=`id`&b=\"c\"'\\''d\\' user-event-pattern='$(id)'",
    );
  });

  it('puts a placeholder for a local host, and says why', () => {
    const { azureCli, note } = hubSettingsFor([CHAT], 'http://localhost:8080/eventhandler');
    expect(azureCli[0]).toContain('url-template="https://<public-host>/eventhandler"');
    expect(note).toMatch(/cannot reach localhost.*awps-tunnel/);
  });
});
