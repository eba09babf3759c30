/** Start-up errors of options that are none of the types that they have. */

export const OPTIONS_MISSING =
  'WebPubSubModule has no options: the factory of forRootAsync returned nothing. Return an object of options from it.';

export const MODULE_NOT_CONFIGURED =
  'WebPubSubModule is imported without options. Import WebPubSubModule.forRoot(...) or forRootAsync(...) once, in the root ' +
  'module; it is global, so that other modules need not import it.';

export const optionMisspelled = (name: string, meant: string): string =>
  `WebPubSubModule has no option ${name}. Did you mean ${meant}?`;

export const pathTakenTwice = (path: string): string =>
  `Two WebPubSubModules receive events at the path ${JSON.stringify(path || '/')}. The module is global: import it once, ` +
  'with the connection strings of all services in a list, or give each its own path.';

export const POST_ROUTE_TAKEN =
  "The application has a route for POST / of its own, where WebPubSubModule should receive events. Use attach: 'server', or " +
  'give the module another path.';

/** Shows texts, numbers and the like; of anything else only what it is, since it may hold what is not for the log. */
export const optionWrong = (name: string, expected: string, value: unknown): string =>
  `The option ${name} of WebPubSubModule must be ${expected}, not ${describe(value)}.`;

function describe(value: unknown): string {
  if (typeof value === 'string') return JSON.stringify(value);
  if (Array.isArray(value)) return 'a list with other values';
  return typeof value === 'object' && value !== null ? 'an object' : String(value);
}
