import type { LazyModuleLoader } from '@nestjs/core';

/**
 * Calls `onLoaded` whenever modules have been loaded lazily and none is being loaded at the moment; what it throws becomes
 * the rejection of the `load` that ended last. Nest tells nobody of such modules, and runs no lifecycle hooks for them.
 * Returns what ends it.
 */
export function watchLazyModules(loader: LazyModuleLoader, onLoaded: () => void): () => void {
  // oxlint-disable-next-line typescript/unbound-method -- called with the loader below
  const { load } = loader;
  let loading = 0;
  const watched: typeof load = async (...args) => {
    loading += 1;
    try {
      return await load.apply(loader, args);
    } finally {
      loading -= 1;
      if (loading === 0) onLoaded();
    }
  };
  loader.load = watched;
  return () => {
    if (loader.load === watched) loader.load = load;
  };
}
