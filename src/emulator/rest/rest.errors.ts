/** The error body of the service [rest-api 1]. */
export interface ErrorDetail {
  readonly code: string;
  readonly message: string;
  readonly target?: string;
}

/** An answer that is not a success: its code is also the value of `x-ms-error-code`. */
export class RestError extends Error {
  override readonly name = 'RestError';

  constructor(
    readonly status: number,
    readonly detail: ErrorDetail,
    readonly headers: Readonly<Record<string, string>> = {},
  ) {
    super(detail.message);
  }
}

/** The catalogue of what REST answers beside success; codes that no source states are tagged [assumed]. */
export const restErrors = {
  /** `target` is the parameter, or `Request` for everything else [rest-api 1]. */
  badRequest: (message: string, target = 'Request') =>
    new RestError(400, { code: 'Error.BadRequest', message, target }),
  unsupportedVersion: () => restErrors.badRequest('The specified API version is not supported.', 'api-version'),
  /** [assumed] the text; `rule` is what the value must be. */
  invalidParameter: (name: string, rule: string, meaning = name) =>
    restErrors.badRequest(`Invalid ${meaning}: ${rule}.`, name),
  invalidGroupName: () =>
    restErrors.invalidParameter('group', '1 to 1024 characters on one line, not white space alone', 'group name'),
  invalidContentLength: () => restErrors.badRequest('Invalid Content-Length header.'),
  /** [assumed] code and text; the status is [rest-api 5.1] */
  unsupportedMediaType: (message: string) =>
    new RestError(415, { code: 'Error.UnsupportedMediaType', message, target: 'Request' }),
  /** [assumed] code and text; the text says why, never what the token holds beside its audience */
  unauthorized: (problem: string) =>
    new RestError(
      401,
      { code: 'Error.Unauthorized', message: `The request is not authorized: ${problem}.`, target: 'Authorization' },
      { 'WWW-Authenticate': 'Bearer' },
    ),
  connectionNotFound: (connectionId: string) =>
    new RestError(404, {
      code: 'Error.Connection.NotExisted',
      message: `Connection \`${connectionId}\` is not found.`,
      target: 'Connection',
    }),
  /** Of permissions: the code is that of the emulator's own tests; [assumed] the text, like that above. */
  permissionHolderNotFound: (connectionId: string) =>
    new RestError(404, {
      code: 'Info.Connection.NotExisted',
      message: `Connection \`${connectionId}\` is not found.`,
      target: 'Connection',
    }),
  /** [observed 2021-09] the text; [assumed] the code, made like that of connections */
  userNotFound: (userId: string) =>
    new RestError(404, { code: 'Error.User.NotExisted', message: `User \`${userId}\` is not found.`, target: 'User' }),
  /** Of HEAD, which has no body: the code in the header is all. Only that of groups is documented, the others are [assumed]. */
  notExisting: (thing: 'Group' | 'User' | 'Connection') =>
    new RestError(404, { code: `Warning.${thing}.NotExisted`, message: `${thing} does not exist.`, target: thing }),
  /** [rest-api 6.3] the status; [assumed] the text */
  tooManyPermissions: () =>
    new RestError(409, {
      code: 'Error.Connection.Conflict',
      message: 'The connection has the most single-group rules it may have for this permission.',
      target: 'Permission',
    }),
  /** [assumed] */
  unknownOperation: (path: string) =>
    new RestError(404, {
      code: 'Error.NotFound',
      message: `The REST API has no operation at ${path}.`,
      target: 'Request',
    }),
  /** [assumed] */
  methodNotAllowed: (allowed: readonly string[]) =>
    new RestError(
      405,
      { code: 'Error.MethodNotAllowed', message: `Allowed here: ${allowed.join(', ')}.`, target: 'Request' },
      { Allow: allowed.join(', ') },
    ),
};
