/** Where Nest keeps the enhancers of a class or method, in lists. */
export const ENHANCER_METADATA = ['__guards__', '__interceptors__', '__pipes__', '__exceptionFilters__'];
