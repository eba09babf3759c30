import type { HubEventHandler, HubSettings } from './hub-settings.js';

/**
 * What the doctor looks at: whether the address answers, the validation of the webhook, how large events may
 * be, a signed `connect` event, and whether a forged one is refused.
 *
 * @publicApi
 */
export type UpstreamCheck = 'address' | 'validation' | 'description' | 'size' | 'connect' | 'forgery' | 'speed';

/**
 * One thing that the service would see.
 *
 * @publicApi
 */
export interface UpstreamFinding {
  /** `problem`: events would not arrive. `warning`: they would, but not well or not safely. */
  readonly kind: 'passed' | 'warning' | 'problem';
  readonly check: UpstreamCheck;
  /** Of checks that are made per hub. */
  readonly hub?: string;
  /** One sentence in words. */
  readonly summary: string;
  /** What to do; absent when all is well. */
  readonly cure?: string;
}

/**
 * What was found out about an application, and the settings that fit it.
 *
 * @publicApi
 */
export interface UpstreamDiagnosis {
  /** The URL template that was examined. */
  readonly url: string;
  /** Whether there is no problem; warnings may be. */
  readonly isHealthy: boolean;
  readonly findings: readonly UpstreamFinding[];
  /** What to configure at the service for each hub. */
  readonly hubs: readonly HubEventHandler[];
  /** The same as commands and as a Bicep resource; absent when no hub is known. */
  readonly settings?: HubSettings;
}

const MARKS = { passed: 'ok  ', warning: 'warn', problem: 'FAIL' } as const;

/**
 * The diagnosis as text for a terminal.
 *
 * @publicApi
 */
export function formatDiagnosis({ url, isHealthy, findings, settings }: UpstreamDiagnosis): string {
  const lines = [`Upstream ${url}`, ''];
  for (const { kind, hub, summary, cure } of findings) {
    lines.push(`${MARKS[kind]}  ${hub === undefined ? '' : `[${hub}] `}${summary}`);
    if (cure !== undefined) lines.push(`      ${cure}`);
  }
  lines.push('', isHealthy ? 'The service can deliver events to it.' : 'The service cannot deliver all events to it.');
  if (settings) {
    lines.push('', 'Event handler settings with the Azure CLI:', '', ...settings.azureCli);
    lines.push('', 'The same in Bicep:', '', settings.bicep);
    if (settings.note !== undefined) lines.push('', settings.note);
  }
  return lines.join('\n');
}
