/**
 * A fault that cannot be switched on, because what it is about is not there or not of the kind.
 *
 * @publicApi
 */
export class FaultTargetError extends Error {
  override readonly name = 'FaultTargetError';
}
