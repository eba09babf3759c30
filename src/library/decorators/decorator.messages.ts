/** Errors of decorators: what is wrong, and the cure. */

export const handlerNotMethod = (className: string, method: string): string =>
  `${className}.${method} is decorated as a handler, but is no method that could be called: it is static, an accessor, named by ` +
  'a symbol, or gone. Decorate an ordinary method.';
