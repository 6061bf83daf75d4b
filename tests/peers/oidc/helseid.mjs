// Who gives the tokens that callers come to the gateway with: oidc-provider, configured like HelseID. Clients prove
// themselves with a key of their own, people log in through pushed requests and PKCE, and every token is bound to a key by
// a proof with the provider's nonce. What is not HelseID's, such as a client that wants a plain bearer token, is the client's own
// doing, and there for the gateway to refuse.
//
// PEER_CLIENTS: JSON list of clients; `organization` is what their tokens name. PEER_PROFILE: JSON: keys (JWKs to sign
// with), alg (of access tokens), audience, scopes. Prints one line of JSON with its address; ends when standard input closes.

import { randomBytes, randomUUID } from 'node:crypto';
import { createServer } from 'node:http';
import { errors, Provider } from 'oidc-provider';

process.stdin.on('end', () => process.exit(0)).resume();

const profile = JSON.parse(process.env.PEER_PROFILE);
const ALGORITHMS = ['ES256', 'ES384', 'PS256', 'RS256'];
const RESOURCE = 'https://gateway.example';
const server = createServer();
await new Promise((ready) => server.listen(0, '127.0.0.1', ready));
const url = `http://127.0.0.1:${server.address().port}`;

function asHelseidDemands(_ctx, claims, header) {
  const brief = claims.exp - claims.iat <= 10;
  if (header.typ !== 'client-authentication+jwt' || claims.aud !== url || !claims.nbf || !brief) {
    throw new errors.InvalidClientAuth('not an assertion of this profile');
  }
}

const provider = new Provider(url, {
  clients: JSON.parse(process.env.PEER_CLIENTS).map((client) => ({
    token_endpoint_auth_method: 'private_key_jwt',
    id_token_signed_response_alg: profile.alg,
    grant_types: ['client_credentials'],
    response_types: [],
    redirect_uris: [],
    dpop_bound_access_tokens: true,
    ...client,
  })),
  extraClientMetadata: { properties: ['organization'] },
  jwks: { keys: profile.keys },
  clientAuthMethods: ['private_key_jwt'],
  enabledJWA: {
    clientAuthSigningAlgValues: ALGORITHMS,
    dPoPSigningAlgValues: ALGORITHMS,
    idTokenSigningAlgValues: ALGORITHMS,
  },
  assertJwtClientAuthClaimsAndHeader: asHelseidDemands,
  pkce: { required: () => true },
  scopes: ['openid', ...profile.scopes],
  acrValues: ['3', '4'],
  features: {
    devInteractions: { enabled: false },
    clientCredentials: { enabled: true },
    dPoP: { enabled: true, nonceSecret: randomBytes(32), requireNonce: () => true },
    pushedAuthorizationRequests: { enabled: true, requirePushedAuthorizationRequests: true },
    resourceIndicators: {
      enabled: true,
      defaultResource: () => RESOURCE,
      useGrantedResource: () => true,
      getResourceServerInfo: () => ({
        scope: profile.scopes.join(' '),
        audience: profile.audience,
        accessTokenFormat: 'jwt',
        accessTokenTTL: 600,
        jwt: { sign: { alg: profile.alg } },
      }),
    },
  },
  extraTokenClaims(ctx) {
    const { AuthorizationCode: code, Client: client } = ctx.oidc.entities;
    return {
      'helseid://claims/client/claims/orgnr_parent': client.organization,
      ...(code ? { 'helseid://claims/identity/security_level': code.acr } : {}),
    };
  },
  cookies: { keys: [randomUUID()] },
  interactions: { url: (_, interaction) => `/whom/${interaction.uid}` },
  findAccount: (_, id) => ({ accountId: id, claims: () => ({ sub: id }) }),
  async loadExistingGrant(ctx) {
    const { client, session } = ctx.oidc;
    const grant = new ctx.oidc.provider.Grant({ clientId: client.clientId, accountId: session.accountId });
    grant.addOIDCScope(['openid', ...profile.scopes].join(' '));
    grant.addResourceScope(RESOURCE, profile.scopes.join(' '));
    await grant.save();
    return grant;
  },
  renderError(ctx, out) {
    ctx.type = 'json';
    ctx.body = out;
  },
});

// Whoever comes says who to be, and at which level.
async function whom(request, response) {
  let body = '';
  for await (const chunk of request) body += chunk;
  const given = new URLSearchParams(body);
  const login = { accountId: given.get('who'), acr: given.get('acr') };
  return provider.interactionFinished(request, response, { login }, { mergeWithLastSubmission: false });
}

const callback = provider.callback();
server.on('request', (request, response) =>
  request.url.startsWith('/whom/') ? whom(request, response) : callback(request, response),
);
process.stdout.write(`${JSON.stringify({ url, control: url })}\n`);
