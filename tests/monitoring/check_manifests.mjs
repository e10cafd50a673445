// SPDX-License-Identifier: Apache-2.0
// Kubernetes objects (a JSON list on standard input) judged by TypeScript against the types of kubernetes-types: unknown
// fields, wrong kinds of values, missing fields. node check_manifests.mjs NODE_MODULES; says what is wrong, fails if anything is.
import fs from 'node:fs';
import path from 'node:path';
import {createRequire} from 'node:module';

const modules = path.resolve(process.argv[2]);
const ts = createRequire(path.join(modules, 'x.js'))('typescript');
const objects = JSON.parse(fs.readFileSync(0, 'utf8'));

const folder = (apiVersion) => {
  const [group, version] = apiVersion.includes('/') ? apiVersion.split('/') : ['core', apiVersion];
  return `kubernetes-types/${group.split('.')[0]}/${version}`;
};
const named = (object) => `${object.kind} ${object.metadata?.name}`;
const source = objects.map((object, i) =>
  `import type {${object.kind} as T${i}} from "${folder(object.apiVersion)}";\nexport const o${i}: T${i} = ${JSON.stringify(object)};\n`);

const file = path.join(modules, '.manifests.ts');
const options = {strict: true, noEmit: true, skipLibCheck: true, types: [], moduleResolution: ts.ModuleResolutionKind.Node10, module: ts.ModuleKind.ES2020};
const host = ts.createCompilerHost(options);
const read = host.getSourceFile.bind(host);
host.getSourceFile = (name, ...more) => name === file ? ts.createSourceFile(name, source.join(''), more[0]) : read(name, ...more);
const exists = host.fileExists.bind(host);
host.fileExists = (name) => name === file || exists(name);

const faults = ts.getPreEmitDiagnostics(ts.createProgram([file], options, host));
for (const fault of faults) {
  const line = fault.file?.fileName === file ? fault.file.getLineAndCharacterOfPosition(fault.start).line : -2;
  const object = objects[Math.floor(line / 2)];
  console.log(`${object ? named(object) : fault.file?.fileName}: ${ts.flattenDiagnosticMessageText(fault.messageText, '\n')}`);
}
process.exit(faults.length ? 1 : 0);
