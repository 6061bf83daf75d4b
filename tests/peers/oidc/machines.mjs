// Who gives tokens to machines, and a resource that wants them: oidc-provider, configured like HelseID, Maskinporten, an
// authorization server of SMART on FHIR, or one that knows its clients by certificate. The resource is a guard of our
// own on `jose`, before a server that others wrote: it checks token, key, proof, nonce and certificate, then lets pass.
//
// PEER_CLIENTS: JSON list of clients. PEER_PROFILE: JSON, see `profile`. Prints one line of JSON with its address; ends
// when standard input closes. GET /seen: what callers showed. POST /switch: faults.

import { createHash, generateKeyPairSync, randomBytes, randomUUID } from 'node:crypto';
import * as http from 'node:http';
import * as https from 'node:https';
import * as jose from 'jose';
import { errors, Provider } from 'oidc-provider';

process.stdin.on('end', () => process.exit(0)).resume();

// kind: helseid, maskinporten, smart, plain. dpop: tokens are bound to a key, and nonces are demanded. ttl: seconds that
// a token lasts. open: a certificate is enough for the resource. upstream, token: the server behind the guard. tls: { cert, key, ca } in PEM.
const profile = { kind: 'plain', dpop: false, ttl: 300, ...JSON.parse(process.env.PEER_PROFILE ?? '{}') };
const GRANT = 'urn:ietf:params:oauth:grant-type:jwt-bearer';
const SCOPES = 'records system/*.cruds prefix:records';
let switches = {};
let seen = { tokens: [], assertions: [], proofs: [], requests: [] };
const begun = Date.now() / 1000;
let revokedBefore = 0;

const server = profile.tls
  ? https.createServer({ ...profile.tls, requestCert: true, rejectUnauthorized: false })
  : http.createServer();
await new Promise((ready) => server.listen(0, '127.0.0.1', ready));
const url = `${profile.tls ? 'https' : 'http'}://localhost:${server.address().port}`;
const resource = `${url}/api`;
const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
const key = { ...privateKey.export({ format: 'jwk' }), kid: randomUUID(), alg: 'ES256', use: 'sig' };
const clients = JSON.parse(process.env.PEER_CLIENTS ?? '[]').map((client) => ({
  token_endpoint_auth_method: 'private_key_jwt',
  id_token_signed_response_alg: 'ES256',
  response_types: [],
  redirect_uris: [],
  grant_types: [profile.kind === 'maskinporten' ? GRANT : 'client_credentials'],
  dpop_bound_access_tokens: profile.dpop,
  ...client,
}));

// What the guarded resource is to the provider.
function api() {
  const jwt = { sign: { alg: 'ES256' } };
  return { scope: SCOPES, audience: resource, accessTokenFormat: 'jwt', accessTokenTTL: profile.ttl, jwt };
}

function wanted(condition, why) {
  if (!condition) throw new errors.InvalidClientAuth(why);
}

function asProfiled(_ctx, claims, header) {
  seen.assertions.push({ claims, header });
  if (profile.kind === 'helseid') {
    wanted(header.typ === 'client-authentication+jwt', 'typ');
    wanted(claims.aud === url, 'aud');
    wanted(Number.isInteger(claims.nbf) && claims.nbf <= Date.now() / 1000 + 1, 'nbf');
    wanted(claims.exp - claims.nbf <= 10 && claims.exp - claims.iat <= 10, 'lifetime');
    wanted(claims.sub === claims.iss, 'sub');
  }
  if (profile.kind === 'smart') {
    wanted(header.typ === 'JWT' && ['RS384', 'ES384'].includes(header.alg), 'header');
    wanted(claims.aud === `${url}/token` && claims.exp - Date.now() / 1000 <= 300, 'aud or exp');
  }
}

const provider = new Provider(url, {
  clients,
  jwks: { keys: [key] },
  clientAuthMethods: profile.tls
    ? ['tls_client_auth']
    : ['private_key_jwt', 'client_secret_basic', 'client_secret_post', 'none'],
  enabledJWA: {
    clientAuthSigningAlgValues: ['RS256', 'PS256', 'ES256', 'RS384', 'ES384'],
  },
  scopes: SCOPES.split(' '),
  features: {
    devInteractions: { enabled: false },
    clientCredentials: { enabled: true },
    dPoP: { enabled: true, nonceSecret: randomBytes(32), requireNonce: () => profile.dpop },
    mTLS: {
      enabled: Boolean(profile.tls),
      tlsClientAuth: true,
      certificateBoundAccessTokens: true,
      certificateAuthorized: (ctx) => ctx.socket.authorized,
      certificateSubjectMatches: (ctx, _property, expected) =>
        ctx.socket.getPeerX509Certificate().subject === expected,
      getCertificate: (ctx) => ctx.socket.getPeerX509Certificate(),
    },
    resourceIndicators: {
      enabled: true,
      defaultResource: () => resource,
      useGrantedResource: () => true,
      getResourceServerInfo(_ctx, asked) {
        if (asked !== resource) throw new errors.InvalidTarget();
        return api();
      },
    },
  },
  assertJwtClientAuthClaimsAndHeader: asProfiled,
  extraTokenClaims(ctx) {
    const consumer = switches.consumer ?? ctx.grantClaims?.consumer_org ?? '310182053';
    if (profile.kind !== 'maskinporten') return undefined;
    return { consumer: { authority: 'iso6523-actorid-upis', ID: `0192:${consumer}` } };
  },
  renderError(ctx, out) {
    ctx.type = 'json';
    ctx.body = out;
  },
});

// Maskinporten's grant: the assertion is both who calls and what is asked, for two minutes at most, and once.
provider.registerGrantType(
  GRANT,
  async (ctx) => {
    const refuse = (why) => {
      throw new errors.InvalidGrant(why);
    };
    const client = ctx.oidc.client;
    const known = jose.createLocalJWKSet(client.jwks);
    const { payload, protectedHeader } = await jose
      .jwtVerify(ctx.oidc.params.assertion, known, { audience: url, issuer: client.clientId })
      .catch(() => refuse('signature'));
    seen.assertions.push({ claims: payload, header: protectedHeader });
    const now = Date.now() / 1000;
    if (payload.exp - payload.iat > 120 || Math.abs(now - payload.iat) > 10) refuse('time');
    if (!(await provider.ReplayDetection.unique(payload.iss, payload.jti, payload.exp))) refuse('used');
    if (payload.scope !== 'prefix:records') throw new errors.InvalidScope('scope', payload.scope);
    if (payload.resource && payload.resource[0] !== resource) throw new errors.InvalidTarget();
    ctx.grantClaims = payload;
    const token = new provider.ClientCredentials({ client, scope: payload.scope });
    token.resourceServer = new provider.ResourceServer(resource, api());
    ctx.oidc.entity('ClientCredentials', token);
    const value = await token.save();
    ctx.body = {
      access_token: value, expires_in: token.expiration, scope: token.scope, token_type: token.tokenType,
    };
  },
  ['assertion'],
);

const digest = (text) => createHash('sha256').update(text).digest('base64url');
let nonce = randomUUID();
const proofs = new Set();

class Turned extends Error {
  constructor(scheme, error, headers = {}) {
    super(error);
    this.headers = { 'www-authenticate': `${scheme} error="${error}"`, ...headers };
  }
}

async function proven(request, token, thumbprint) {
  const shown = request.headers.dpop ?? '';
  const no = () => new Turned('DPoP', 'invalid_dpop_proof');
  const { payload, protectedHeader } = await jose
    .jwtVerify(shown, jose.EmbeddedJWK, { typ: 'dpop+jwt', algorithms: ['ES256', 'PS256', 'RS256'] })
    .catch(() => {
      throw no();
    });
  seen.proofs.push({ claims: payload, header: protectedHeader });
  const place = `${url}${request.url.split('?')[0]}`;
  const fits = payload.htm === request.method && payload.htu === place && payload.ath === digest(token);
  const recent = Math.abs(Date.now() / 1000 - payload.iat) < 10;
  const theirs = (await jose.calculateJwkThumbprint(protectedHeader.jwk)) === thumbprint;
  if (!fits || !recent || !theirs || proofs.has(payload.jti) || protectedHeader.jwk.d) throw no();
  proofs.add(payload.jti);
  if (payload.nonce !== nonce) throw new Turned('DPoP', 'use_dpop_nonce', { 'dpop-nonce': nonce });
}

async function admitted(request) {
  if (profile.open && request.socket.authorized) return; // a certificate is all it asks for
  const [scheme, token = ''] = (request.headers.authorization ?? '').split(' ');
  const expected = profile.dpop ? 'DPoP' : 'Bearer';
  const no = () => new Turned(expected, 'invalid_token');
  if (scheme !== expected) throw no();
  const { payload } = await jose
    .jwtVerify(token, publicKey, { issuer: url, audience: resource })
    .catch(() => {
      throw no();
    });
  if (switches.refuse || seen.tokens.indexOf(payload.jti) < revokedBefore) {
    if (!seen.tokens.includes(payload.jti)) seen.tokens.push(payload.jti);
    if (switches.refuse || seen.tokens.indexOf(payload.jti) < revokedBefore) throw no();
  }
  if (!seen.tokens.includes(payload.jti)) seen.tokens.push(payload.jti);
  if (profile.dpop) await proven(request, token, payload.cnf?.jkt);
  if (profile.tls) {
    const shown = request.socket.getPeerX509Certificate();
    const print = shown && createHash('sha256').update(shown.raw).digest('base64url');
    if (!print || payload.cnf?.['x5t#S256'] !== print) throw no();
  }
}

async function guarded(request, response) {
  if (request.url === '/api/.well-known/smart-configuration') {
    response.setHeader('content-type', 'application/json');
    return response.end(JSON.stringify({ token_endpoint: `${url}/token` }));
  }
  const body = await whole(request);
  seen.requests.push({ method: request.method, scheme: request.headers.authorization?.split(' ')[0] });
  try {
    await admitted(request);
  } catch (error) {
    if (!(error instanceof Turned)) throw error;
    response.writeHead(401, error.headers);
    return response.end();
  }
  if (switches.closing) response.setHeader('connection', 'close');
  if (switches.nextNonce) response.setHeader('dpop-nonce', (nonce = randomUUID()));
  if (!profile.upstream) return response.end('{}');
  const headers = { ...request.headers, authorization: `Bearer ${profile.token}` };
  for (const own of ['dpop', 'host', 'connection', 'content-length']) delete headers[own];
  const target = profile.upstream + request.url.slice('/api'.length);
  const content = ['GET', 'HEAD'].includes(request.method) ? undefined : body;
  const answer = await fetch(target, { method: request.method, headers, body: content });
  for (const name of ['content-type', 'etag', 'location', 'last-modified'])
    if (answer.headers.has(name))
      response.setHeader(name, answer.headers.get(name).replaceAll(profile.upstream, resource));
  response.writeHead(answer.status);
  response.end((await answer.text()).replaceAll(profile.upstream, resource));
}

async function whole(request) {
  const parts = [];
  for await (const part of request) parts.push(part);
  return Buffer.concat(parts);
}

async function control(request, response) {
  if (request.method === 'POST') {
    switches = JSON.parse(await whole(request));
    if (switches.revoke) revokedBefore = seen.tokens.length;
    if (switches.forget) {
      seen = { tokens: [], assertions: [], proofs: [], requests: [] };
      revokedBefore = 0;
    }
    if (switches.newNonce) nonce = randomUUID();
    return response.end('{}');
  }
  return response.end(JSON.stringify({ ...seen, begun }));
}

provider.on('server_error', (_ctx, error) => console.error(error));
const callback = provider.callback();

async function asked(request, response) {
  if (request.url === '/token' && switches.token) {
    response.writeHead(switches.token, { 'content-type': 'application/json', ...switches.headers });
    return response.end(switches.body ?? '{"error_description":"geheim"}');
  }
  if (request.url === '/token' && profile.kind === 'maskinporten') {
    // it knows its client by the assertion alone
    const form = Object.fromEntries(new URLSearchParams((await whole(request)).toString()));
    request.body = { ...form, client_id: jose.decodeJwt(form.assertion).iss };
  }
  request.url = request.url.replace('oauth-authorization-server', 'openid-configuration');
  return callback(request, response);
}

server.on('request', (request, response) => {
  const path = request.url;
  const way = /^\/(seen|switch)$/.test(path) ? control : path.startsWith('/api') ? guarded : asked;
  Promise.resolve(way(request, response)).catch((error) => {
    console.error(error);
    response.writeHead(500);
    response.end();
  });
});
process.stdout.write(`${JSON.stringify({ url, control: url })}\n`);
