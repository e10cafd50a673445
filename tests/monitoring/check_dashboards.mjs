// SPDX-License-Identifier: Apache-2.0
// check_dashboards.mjs types FILE…: the dashboards in these files, judged by Grafana's types. check_dashboards.mjs logql: each line of
// standard input, by the grammar of Grafana. Each fault is a line; 1 if there is any.
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

const here = path.dirname(fileURLToPath(import.meta.url));

/** A TypeScript file that claims each JSON text to be a dashboard, and the lines at which each begins. */
function claims(files) {
  let text = "import type { OurDashboard } from './dashboard_types';\n";
  const begins = [];
  files.forEach((file, place) => {
    begins.push({ file, line: text.split('\n').length });
    text += `export const dashboard${place} = ${readFileSync(file, 'utf8').trim()} satisfies OurDashboard;\n`;
  });
  return { text, begins };
}

async function judgeTypes(files) {
  const { default: ts } = await import('typescript');
  const { text, begins } = claims(files);
  const root = path.join(here, 'dashboard_claims.ts');  // only in memory
  const options = { strict: true, noEmit: true, skipLibCheck: true, types: [], target: ts.ScriptTarget.ES2022, lib: ['lib.es2022.d.ts'],
    module: ts.ModuleKind.ESNext, moduleResolution: ts.ModuleResolutionKind.Bundler };
  const host = ts.createCompilerHost(options);
  const { readFile, fileExists, getSourceFile } = host;
  host.readFile = (name) => (name === root ? text : readFile.call(host, name));
  host.fileExists = (name) => name === root || fileExists.call(host, name);
  host.getSourceFile = (name, ...rest) => (name === root ? ts.createSourceFile(name, text, ts.ScriptTarget.ES2022) : getSourceFile.call(host, name, ...rest));
  return ts.getPreEmitDiagnostics(ts.createProgram([root], options, host)).map((fault) => {
    const told = ts.flattenDiagnosticMessageText(fault.messageText, ' ').slice(0, 400);
    if (fault.file?.fileName !== root) return `${fault.file?.fileName}: ${told}`;
    const line = fault.file.getLineAndCharacterOfPosition(fault.start).line + 1;
    const { file, line: begin } = begins.filter((one) => one.line <= line).at(-1);
    return `${file}:${line - begin + 1}: ${told}`;
  });
}

async function judgeLogql(lines) {
  const { parser } = await import('@grafana/lezer-logql');
  return lines.filter((line) => {
    let broken = false;
    parser.parse(line).iterate({ enter: (node) => { broken ||= node.type.isError; } });
    return broken;
  }).map((line) => `not LogQL: ${line}`);
}

const [what, ...files] = process.argv.slice(2);
const faults = what === 'types' ? await judgeTypes(files) : await judgeLogql(readFileSync(0, 'utf8').split('\n').filter(Boolean));
console.log(faults.join('\n'));
process.exitCode = faults.length > 0 ? 1 : 0;
