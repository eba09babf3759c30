import type { ClientConnection } from '../core/client-connection.js';
import { compileConnectionFilter, InvalidFilterError, type ConnectionFilter } from '../core/connection-filter.js';
import { restErrors } from './rest.errors.js';

/** Absent for no filter, or an empty one. Throws 400 [rest-api 7]. */
export function readFilter(text: string | null | undefined): ConnectionFilter | undefined {
  if (text === undefined || text === null || text === '') return undefined;
  return refusing(() => compileConnectionFilter(text));
}

/**
 * Tries the filter on every candidate before anything is done to one, so that a type error that shows only with a real
 * connection's values refuses the whole call: nobody has received a part of it [assumed]. Throws 400.
 */
export function selectBy(
  filter: ConnectionFilter,
  candidates: Iterable<ClientConnection>,
): (connection: ClientConnection) => boolean {
  const selected = refusing(() => new Set([...candidates].filter((candidate) => filter(candidate))));
  return (connection) => selected.has(connection);
}

function refusing<T>(evaluation: () => T): T {
  try {
    return evaluation();
  } catch (error) {
    throw error instanceof InvalidFilterError ? restErrors.badRequest(error.message) : error;
  }
}
