import { SYSTEM_EVENT_NAMES } from '../../protocol/names.js';
import { isLoopbackHost } from '../service-client/service-connection.js';

/**
 * The events that a hub's event handler setting must name for an application to receive them.
 *
 * @publicApi
 */
export interface HubEventHandler {
  readonly hub: string;
  /** Of `connect`, `connected`, `disconnected`. */
  readonly systemEvents: readonly string[];
  /** Names of user events, or `*` for all. */
  readonly userEvents: readonly string[];
}

/**
 * The settings of hubs in Azure, as text to run or to keep.
 *
 * @publicApi
 */
export interface HubSettings {
  /** A command per hub. `<...>` is to be filled in. */
  readonly azureCli: readonly string[];
  /** A resource per hub, below a `webPubSub` resource of the same file. */
  readonly bicep: string;
  /** What to know before using them. */
  readonly note?: string;
}

const BICEP_TYPE = 'Microsoft.SignalRService/webPubSub/hubs@2024-03-01';
const PUBLIC_HOST = 'https://<public-host>';

/**
 * The settings of hubs at the service, with which it sends the events that an application handles to its URL
 * [upstream-events 1].
 *
 * @publicApi
 */
export function hubSettingsFor(hubs: readonly HubEventHandler[], urlTemplate: string): HubSettings {
  const isLocal = isLoopbackHost(hostOf(urlTemplate));
  const reachable = isLocal ? urlTemplate.replace(/^https?:\/\/[^/]+/i, PUBLIC_HOST) : urlTemplate;
  return {
    azureCli: hubs.map((hub) => azureCliOf(hub, reachable)),
    bicep: hubs.map((hub, index) => bicepOf(hub, reachable, index)).join('\n\n'),
    ...(isLocal && {
      note:
        `The service cannot reach ${hostOf(urlTemplate)}: put the application's public address in the place of ${PUBLIC_HOST}, ` +
        'or, while developing, tunnel:/// in the place of the host, with "awps-tunnel run" beside the application.',
    }),
  };
}

function azureCliOf(hub: HubEventHandler, url: string): string {
  const handler = [
    `url-template=${quoteForShell(url)}`,
    ...(hub.userEvents.length > 0 ? [`user-event-pattern=${quoteForShell(patternOf(hub))}`] : []),
    ...systemEventsOf(hub).map((event) => `system-event="${event}"`),
  ];
  return [
    'az webpubsub hub create --name <resource> --resource-group <resource-group> \\',
    `  --hub-name ${shellWord(hub.hub)} \\`,
    `  --event-handler ${handler.join(' ')}`,
  ].join('\n');
}

function bicepOf(hub: HubEventHandler, url: string, index: number): string {
  const symbol = `hub${hub.hub.replace(/[^A-Za-z0-9]/g, '')}${index === 0 ? '' : index + 1}`;
  const events = systemEventsOf(hub);
  return [
    `resource ${symbol} '${BICEP_TYPE}' = {`,
    '  parent: webPubSub',
    `  name: ${bicepString(hub.hub)}`,
    '  properties: {',
    "    anonymousConnectPolicy: 'deny'",
    '    eventHandlers: [',
    '      {',
    `        urlTemplate: ${bicepString(url)}`,
    ...(hub.userEvents.length > 0 ? [`        userEventPattern: ${bicepString(patternOf(hub))}`] : []),
    ...(events.length > 0
      ? ['        systemEvents: [', ...events.map((event) => `          '${event}'`), '        ]']
      : []),
    '      }',
    '    ]',
    '  }',
    '}',
  ].join('\n');
}

/** `*`, one name, or names separated by commas [upstream-events 1]. */
function patternOf({ userEvents }: HubEventHandler): string {
  return userEvents.includes('*') ? '*' : userEvents.join(',');
}

function systemEventsOf({ systemEvents }: HubEventHandler): string[] {
  return SYSTEM_EVENT_NAMES.filter((event) => systemEvents.includes(event));
}

function hostOf(url: string): string {
  return URL.canParse(url) ? new URL(url).hostname : '';
}

function shellWord(text: string): string {
  return /^[\w.,-]+$/.test(text) ? text : quoteForShell(text);
}

/** Between double quotes shells still read some characters as their own. */
function quoteForShell(text: string): string {
  return /["$`\\!]/.test(text) ? `'${text.replaceAll("'", String.raw`'\''`)}'` : `"${text}"`;
}

function bicepString(text: string): string {
  return `'${text
    .replaceAll('\\', String.raw`\\`)
    .replaceAll("'", String.raw`\'`)
    .replaceAll('${', String.raw`\${`)}'`;
}
