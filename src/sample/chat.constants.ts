/** The hub of the tutorial. */
export const CHAT_HUB = 'Sample_ChatApp';

/** Where the service's events arrive: the module's default path. */
export const UPSTREAM_PATH = '/eventhandler';

/** Who says that somebody joined or left; no user may have this name. */
export const SYSTEM_SENDER = '[System]';

export const MAX_USER_ID_LENGTH = 64;
