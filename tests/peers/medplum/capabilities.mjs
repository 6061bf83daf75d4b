// What this server says of itself at /metadata; the router has no CapabilityStatement of its own.
import { globalSchema } from '@medplum/core';

const ABSTRACT = new Set(['Resource', 'DomainResource', 'Element', 'BackboneElement']);
const INTERACTIONS = ['read', 'vread', 'update', 'history-instance', 'create', 'search-type'];

export function capabilities() {
  const types = Object.keys(globalSchema.types).filter((name) => globalSchema.types[name].searchParams && !ABSTRACT.has(name));
  return {
    resourceType: 'CapabilityStatement',
    status: 'active',
    date: '2026-11-01',
    kind: 'instance',
    fhirVersion: '4.0.1',
    format: ['application/fhir+json'],
    rest: [
      {
        mode: 'server',
        interaction: [{ code: 'transaction' }, { code: 'batch' }],
        resource: types.map((type) => ({
          type,
          interaction: INTERACTIONS.map((code) => ({ code })),
          versioning: 'versioned-update',
          readHistory: true,
          updateCreate: true,
          conditionalCreate: true,
          conditionalUpdate: true,
        })),
      },
    ],
  };
}
