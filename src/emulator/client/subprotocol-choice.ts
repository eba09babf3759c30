import { selectSubprotocol } from '../../protocol/subprotocol.js';

/** The subprotocol a connection gets, and what is worth a warning about it. */
export interface SubprotocolChoice {
  /** In the client's spelling where it was offered; absent: none. */
  readonly name?: string;
  readonly warning?: string;
}

/** Upstream's choice, whatever it is, else the first offered name of the service's own [client-websocket 1.3]. */
export function chooseSubprotocol(offered: readonly string[], chosen: string | undefined): SubprotocolChoice {
  if (chosen === undefined) {
    const name = selectSubprotocol(offered);
    if (name !== undefined || offered.length === 0) return { name };
    return {
      warning:
        `No subprotocol was chosen from ${offered.join(', ')}, and most clients refuse such a connection: ` +
        'the connect event handler must choose one that is not of the service.',
    };
  }
  const name = spellAsOffered(offered, chosen);
  if (offered.includes(name)) return { name };
  return {
    name,
    warning:
      `The connect event handler chose the subprotocol ${chosen}, which the client did not offer; ` +
      'most clients refuse such a connection.',
  };
}

/** Names compare without regard to case; the answer repeats the client's own spelling. */
export function spellAsOffered(offered: readonly string[], name: string): string {
  return offered.find((other) => other.toLowerCase() === name.toLowerCase()) ?? name;
}
