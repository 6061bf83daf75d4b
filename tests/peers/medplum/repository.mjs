// Medplum's repository in memory, made to do what its own server's repository does: validate against R4,
// set version and time itself, and take a failed transaction back.
import { deepClone, validateResource } from '@medplum/core';
import { MemoryRepository } from '@medplum/fhir-router';

export class ValidatingRepository extends MemoryRepository {
  async createResource(resource) {
    const { versionId, lastUpdated, ...meta } = resource.meta ?? {};
    const body = { ...resource, meta };
    if (Object.keys(meta).length === 0) {
      delete body.meta;
    }
    validateResource(body); // throws an OperationOutcomeError that names the element
    return super.createResource(body);
  }

  async readHistory(resourceType, id) {
    const entries = (this.history.get(resourceType)?.get(id) ?? []).length;
    const bundle = await super.readHistory(resourceType, id);
    if (entries > 0) {
      this.history.get(resourceType).get(id).reverse(); // the router's own reverse() is done in place
    }
    return bundle;
  }

  async withTransaction(callback) {
    const before = [copied(this.resources), copied(this.history)];
    try {
      return await callback(undefined);
    } catch (error) {
      replace(this.resources, before[0]);
      replace(this.history, before[1]);
      throw error;
    }
  }
}

function copied(map) {
  return new Map([...map].map(([type, inner]) => [type, new Map([...inner].map(([id, v]) => [id, deepClone(v)]))]));
}

function replace(map, content) {
  map.clear();
  for (const [key, value] of content) {
    map.set(key, value);
  }
}
