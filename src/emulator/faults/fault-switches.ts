import { canonicalHubName } from '../../protocol/names.js';
import type { ClientConnection } from '../core/client-connection.js';
import type { HubRegistry } from '../core/hub.registry.js';
import type { EmulatorContext } from '../emulator-context.js';
import type { Fault, FaultHandle, FaultKind } from './fault.js';
import { FaultTargetError } from './fault.errors.js';
import { validateFault } from './fault.validator.js';

/** Called when a `refuseValidation` fault comes or goes, with its hub; absent: every hub. */
export type ValidationReset = (hub: string | undefined) => void;

/**
 * Faults on purpose, for tests: of sockets, tokens and calls to upstream. Everything done by them stands in the traffic
 * record.
 *
 * @publicApi
 */
export class FaultSwitches {
  // None of these is a `private` of TypeScript: who prints the switches, or a fault, shall not print the access keys.
  readonly #context: EmulatorContext;
  readonly #hubs: () => HubRegistry;
  readonly #resetValidations: ValidationReset;
  readonly #active = new Map<number, ActiveFault>();
  #lastId = 0;

  constructor(context: EmulatorContext, hubs: () => HubRegistry, resetValidations: ValidationReset) {
    this.#context = context;
    this.#hubs = hubs;
    this.#resetValidations = resetValidations;
  }

  /**
   * Switches a fault on. Throws an InvalidSettingError that names the field, or a FaultTargetError when there is no such
   * connection, socket, or recovery. The fault of a connection ends with it, that of a socket with the socket.
   */
  set(fault: Fault): FaultHandle {
    const checked = validateFault(fault);
    const active = new ActiveFault(++this.#lastId, checked, (isUsedUp) => this.#end(active, isUsedUp));
    this.#begin(active);
    this.note(checked, `fault ${active.id}: ${describe(checked)}`);
    return active;
  }

  /** Those that still strike, oldest first. */
  list(): readonly FaultHandle[] {
    return [...this.#active.values()];
  }

  find(id: number): FaultHandle | undefined {
    return this.#active.get(id);
  }

  /** Ends every fault. */
  clear(): void {
    for (const active of this.#active.values()) active.clear();
  }

  /**
   * The oldest fault of the kind that means this occasion; it is counted as having struck.
   *
   * @internal
   */
  take<K extends FaultKind>(kind: K, isMeant: (fault: FaultOf<K>) => boolean): FaultOf<K> | undefined {
    for (const active of this.#active.values()) {
      if (!isOfKind(active.fault, kind) || !isMeant(active.fault)) continue;
      active.strike();
      return active.fault;
    }
    return undefined;
  }

  /**
   * Writes what a fault did into the traffic record.
   *
   * @internal
   */
  note(subject: { readonly hub?: string; readonly connectionId?: string }, summary: string): void {
    const { hub, connectionId } = subject;
    this.#context.traffic.record({
      door: 'client',
      action: 'fault',
      hub: hub === undefined ? '' : canonicalHubName(hub),
      ...(connectionId !== undefined && { connectionId }),
      summary,
    });
  }

  #begin(active: ActiveFault): void {
    const { fault } = active;
    switch (fault.kind) {
      case 'dropSocket':
      case 'forceRecovery': {
        const connection = this.#connection(fault);
        if (fault.kind === 'forceRecovery' && !connection.isRecoverable) throw notReliable(fault.connectionId);
        if (!connection.dropSocket()) throw noSocket(fault.connectionId);
        active.isActive = false;
        return;
      }
      case 'throttleClient':
        this.#throttle(active, this.#connection(fault), fault.durationMs);
        break;
      case 'expireReconnectionToken': {
        const connection = this.#connection(fault);
        if (!connection.isRecoverable) throw notReliable(fault.connectionId);
        if (connection.mqtt) throw noReconnectionToken(fault.connectionId);
        active.whenOver(connection.whenEnded(() => active.clear()));
        break;
      }
      default:
        break;
    }
    this.#active.set(active.id, active);
    if (fault.kind === 'refuseValidation') this.#resetValidations(fault.hub);
  }

  /** The fault may outlive the connection, not its socket: the close frame, too, waits for the release. */
  #throttle(active: ActiveFault, connection: ClientConnection, durationMs: number | undefined): void {
    const release = connection.holdSocket(() => active.clear());
    if (!release) throw noSocket(connection.connectionId);
    active.whenOver(release);
    if (durationMs === undefined) return;
    const timer = this.#context.clock.schedule(durationMs, () => active.clear());
    active.whenOver(() => timer.cancel());
  }

  #end(active: ActiveFault, isUsedUp: boolean): void {
    this.#active.delete(active.id);
    const { fault } = active;
    // The refusal that used it up is still under way; the service asks again by itself.
    if (fault.kind === 'refuseValidation' && !isUsedUp) this.#resetValidations(fault.hub);
    this.note(fault, `fault ${active.id} ended: ${describe(fault)}`);
  }

  #connection({ hub, connectionId }: { readonly hub: string; readonly connectionId: string }): ClientConnection {
    const connection = this.#hubs().find(hub)?.connections.get(connectionId);
    if (!connection) throw new FaultTargetError(`Hub ${hub} has no connection ${connectionId}.`);
    return connection;
  }
}

export type FaultOf<K extends FaultKind> = Extract<Fault, { readonly kind: K }>;

class ActiveFault implements FaultHandle {
  isActive = true;
  readonly #afterwards: (() => void)[] = [];
  #strikes = 0;

  constructor(
    readonly id: number,
    readonly fault: Fault,
    private readonly onEnd: (isUsedUp: boolean) => void,
  ) {}

  /** Called when the fault ends, however it does. */
  whenOver(callback: () => void): void {
    this.#afterwards.push(callback);
  }

  strike(): void {
    this.#strikes++;
    if ('times' in this.fault && this.fault.times !== undefined && this.#strikes >= this.fault.times) this.#end(true);
  }

  clear(): void {
    this.#end(false);
  }

  #end(isUsedUp: boolean): void {
    if (!this.isActive) return;
    this.isActive = false;
    for (const callback of this.#afterwards) callback();
    this.onEnd(isUsedUp);
  }
}

function isOfKind<K extends FaultKind>(fault: Fault, kind: K): fault is FaultOf<K> {
  return fault.kind === kind;
}

function notReliable(connectionId: string): FaultTargetError {
  return new FaultTargetError(`Connection ${connectionId} cannot be recovered: it is not reliable.`);
}

function noReconnectionToken(connectionId: string): FaultTargetError {
  return new FaultTargetError(`Connection ${connectionId} has no reconnection token: it is an MQTT session.`);
}

function noSocket(connectionId: string): FaultTargetError {
  return new FaultTargetError(`Connection ${connectionId} has no socket at the moment.`);
}

/** `failUpstream status=503 eventName=message` */
function describe({ kind, ...fields }: Fault): string {
  const given = Object.entries(fields).filter(([name, value]) => value !== undefined && name !== 'connectionId');
  return [kind, ...given.map(([name, value]) => `${name}=${String(value)}`)].join(' ');
}
