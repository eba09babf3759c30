/**
 * Where the files of the page lie: beside this file, in the source, in `dist/esm` and in `dist/cjs` alike. CommonJS has
 * no `import.meta`, so the build writes `__dirname` in its place there; this is the only file that it touches.
 */
// @ts-ignore TS1470: an error only when compiled as CommonJS, see above.
export const pageFolder: string = `${import.meta.dirname}/page`;
