/**
 * Stops the application at its start: a setting or a hub class is wrong. The message names it and the cure.
 *
 * @publicApi
 */
export class StartUpError extends Error {
  override readonly name = 'StartUpError';
}
