// Faults on demand and the list of arrivals, on a port of their own. Never part of what is tested.
// POST /faults {delay, hang, refuse, retryAfter, reset, loseAnswer, storedThen, reject: [text]} replaces all
// switches.
// GET /arrivals, DELETE /arrivals, POST /clear (forget all resources).
import { createServer } from 'node:http';

const ITEM = /"system":"[^"]*\/id\/item","value":"([^"]+)"/;

export class Faults {
  constructor() {
    this.set({});
    this.arrivals = [];
  }

  set({ delay = 0, hang = false, refuse = 0, retryAfter, reset = false, loseAnswer = false, storedThen = 0, reject = [] }) {
    Object.assign(this, { delay, hang, refuse, retryAfter, reset, loseAnswer, storedThen, reject });
  }

  arrived(request) {
    const arrival = { at: String(process.hrtime.bigint()), method: request.method, path: request.url.split('?')[0] };
    this.arrivals.push(arrival);
    return arrival;
  }

  noteItem(arrival, raw) {
    arrival.item = ITEM.exec(raw)?.[1] ?? null;
  }

  left(arrival, response) {
    arrival.done = String(process.hrtime.bigint());
    arrival.status = response.writableFinished ? response.statusCode : null;
  }

  // Answers (or never answers) instead of the server; true when it has taken the request over.
  async before(request, response, raw) {
    if (this.delay) {
      await new Promise((resolve) => setTimeout(resolve, this.delay));
    }
    if (this.hang) {
      return true;
    }
    if (this.reset) {
      request.socket.resetAndDestroy();
      return true;
    }
    if (this.refuse) {
      response.writeHead(this.refuse, this.retryAfter === undefined ? {} : { 'retry-after': String(this.retryAfter) });
      response.end();
      return true;
    }
    if (this.reject.some((part) => raw.includes(part) || request.url.includes(part))) {
      const issue = [{ severity: 'error', code: 'business-rule', expression: ['Resource'] }];
      response.writeHead(422, { 'content-type': 'application/fhir+json' });
      response.end(JSON.stringify({ resourceType: 'OperationOutcome', issue }));
      return true;
    }
    return false;
  }

  losesAnswer() {
    return this.loseAnswer || this.storedThen;
  }

  // The work is done, the answer never leaves: the caller cannot know.
  swallowing(response) {
    const { storedThen } = this;
    return {
      writeHead() {},
      end() {
        if (storedThen) {
          response.writeHead(storedThen, {}).end();
          return;
        }
        response.socket?.resetAndDestroy();
      },
    };
  }
}

export function serveControl(faults, clear) {
  return createServer(async (request, response) => {
    const parts = [];
    for await (const part of request) {
      parts.push(part);
    }
    const route = `${request.method} ${request.url}`;
    if (route === 'POST /faults') {
      faults.set(JSON.parse(Buffer.concat(parts).toString('utf8') || '{}'));
    } else if (route === 'DELETE /arrivals') {
      faults.arrivals.length = 0;
    } else if (route === 'POST /clear') {
      clear();
    } else if (route !== 'GET /arrivals') {
      response.writeHead(404).end();
      return;
    }
    response.writeHead(200, { 'content-type': 'application/json' });
    response.end(JSON.stringify(request.method === 'GET' ? faults.arrivals : []));
  });
}
