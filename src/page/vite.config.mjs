// SPDX-License-Identifier: Apache-2.0
// A plain object: with `--configLoader native` nothing is written into node_modules, which a build may only read.
export default {
  base: "/",
  esbuild: { jsx: "automatic", jsxImportSource: "preact" },
  build: {
    target: "es2022",
    assetsInlineLimit: 0,  // the page's policy forbids what stands inside it
    modulePreload: { polyfill: false },
    emptyOutDir: true,
  },
  test: { environment: "node", cache: false }, // a build writes into its own folder only
};
