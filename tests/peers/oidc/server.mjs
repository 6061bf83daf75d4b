// An OpenID provider for tests of people's login: oidc-provider, configured like HelseID and ID-porten. PAR and
// PKCE are required, clients prove themselves with a key of their own, ID tokens are signed with ES256.
//
// PEER_PROFILE: {"plain": true} for one like a municipality's own (Entra ID, Feide), which has no PAR, takes a secret or an
// assertion for its token address with the thumbprint of a certificate, and says `acrs` where it is asked for by `claims`.
//
// PEER_CLIENTS: JSON list of clients. Prints one line of JSON with its address; ends when standard input closes.
// Its page for logging in asks for no more than whom to be: pid is the national id in the ID token. Roles stand behind
// the name: "ola+drift+innhold".

import { generateKeyPairSync, randomBytes, randomUUID } from 'node:crypto';
import { createServer } from 'node:http';
import { errors, Provider } from 'oidc-provider';

process.stdin.on('end', () => process.exit(0)).resume();

const server = createServer();
await new Promise((ready) => server.listen(0, '127.0.0.1', ready));
const url = `http://127.0.0.1:${server.address().port}`;
const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
const key = { ...privateKey.export({ format: 'jwk' }), kid: randomUUID(), alg: 'ES256', use: 'sig' };

const { plain = false } = JSON.parse(process.env.PEER_PROFILE ?? '{}');

// As Microsoft's documentation of certificate credentials has it.
function asEntra(ctx, claims, header) {
  const fits = header.typ === 'JWT' && claims.aud === `${url}/token` && /^[\w-]{43}$/.test(header['x5t#S256'] ?? '');
  if (!fits) throw new errors.InvalidClientAuth('profile');
}

// Of a client whose tokens are bound to a key, HelseID's profile is demanded too.
function asProfiled(ctx, claims, header, client) {
  if (!client.dpopBoundAccessTokens) return;
  const pushed = ctx.oidc.route === 'pushed_authorization_request';
  const fits =
    header.typ === 'client-authentication+jwt' &&
    claims.aud === url &&
    claims.exp - claims.nbf <= 10 &&
    claims.assertion_details?.[0]?.type === 'helseid_authorization' &&
    (!pushed || /^[\w-]{43}$/.test(ctx.oidc.body.dpop_jkt ?? ''));
  if (!fits) throw new errors.InvalidClientAuth('profile');
}

const provider = new Provider(url, {
  assertJwtClientAuthClaimsAndHeader: plain ? asEntra : asProfiled,
  clients: JSON.parse(process.env.PEER_CLIENTS ?? '[]').map((client) => ({
    token_endpoint_auth_method: 'private_key_jwt',
    id_token_signed_response_alg: 'ES256',
    response_types: ['code'],
    grant_types: ['authorization_code'],
    ...client,
  })),
  jwks: { keys: [key] },
  clientAuthMethods: plain ? ['private_key_jwt', 'client_secret_basic'] : ['private_key_jwt'],
  pkce: { required: () => true },
  features: {
    devInteractions: { enabled: false },
    dPoP: {
      enabled: true,
      nonceSecret: randomBytes(32),
      requireNonce: (ctx) => ctx.oidc.client.dpopBoundAccessTokens, // as HelseID does
    },
    pushedAuthorizationRequests: { enabled: !plain, requirePushedAuthorizationRequests: !plain },
    claimsParameter: { enabled: plain },
  },
  acrValues: ['idporten-loa-low', 'idporten-loa-substantial', 'idporten-loa-high'],
  claims: { openid: ['sub'], acr: null, acrs: null, auth_time: null, profile: ['pid', 'name', 'roles'] },
  conformIdTokenClaims: false,
  cookies: { keys: [randomUUID()] },
  interactions: { url: (_, interaction) => `/whom/${interaction.uid}` },
  findAccount: (_, id) => ({
    accountId: id,
    claims: () => ({ sub: id, acrs: contexts(id), ...(/^\d{11}$/.test(id) ? { pid: id } : named(id)) }),
  }),
  async loadExistingGrant(ctx) {
    const grant = new ctx.oidc.provider.Grant({
      clientId: ctx.oidc.client.clientId,
      accountId: ctx.oidc.session.accountId,
    });
    grant.addOIDCScope('openid profile');
    grant.addOIDCClaims(['acrs']);
    await grant.save();
    return grant;
  },
  renderError(ctx, out) {
    ctx.type = 'json';
    ctx.body = out;
  },
});

// Somebody employed, as a municipality's own provider tells of them.
function named(id) {
  const [name, ...roles] = id.split('+');
  return roles.length ? { name, roles } : {};
}

// Which of a municipality's policies somebody has met.
function contexts(id) {
  return plain ? (id.startsWith('weak') ? ['c2'] : ['c1', 'c2']) : undefined;
}

const PAGE = `<!doctype html><html lang="nb"><title>Hvem er du?</title><form method="post">
<p><label for="hvem">Hvem er du?</label> <input id="hvem" name="hvem"></p>
<p><label for="acr">Nivå</label> <input id="acr" name="acr" value="idporten-loa-high"></p>
<p><button>Logg inn</button></p></form></html>`;

async function whom(request, response) {
  if (request.method !== 'POST') {
    response.setHeader('content-type', 'text/html; charset=utf-8');
    return response.end(PAGE);
  }
  let body = '';
  for await (const chunk of request) body += chunk;
  const given = new URLSearchParams(body);
  const login = { accountId: given.get('hvem'), acr: given.get('acr') ?? 'idporten-loa-high' };
  const result = given.get('hvem') ? { login } : { error: 'access_denied', error_description: 'no' };
  return provider.interactionFinished(request, response, result, { mergeWithLastSubmission: false });
}

const callback = provider.callback();
server.on('request', (request, response) =>
  request.url.startsWith('/whom/') ? whom(request, response) : callback(request, response),
);
process.stdout.write(`${JSON.stringify({ url, control: url })}\n`);
