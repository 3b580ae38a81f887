/**
 * What receiving and parsing costs at least, as a process of its own: reads a body, parses its JSON, counts the items and
 * answers. With node:http alone, or with Express and its JSON parser.
 *
 *   node test/bench/floor.ts raw|express PORT [CERT KEY CA]
 */
import { readFileSync } from 'node:fs';
import { createServer as createHttpServer, type RequestListener } from 'node:http';
import { createServer as createHttpsServer } from 'node:https';
import express from 'express';

const [kind = '', port = '', ...files] = process.argv.slice(2);
const [cert, key, ca] = files.map((file) => readFileSync(file));
const MAX_BODY = '64mb';

const countOf = (list: { readonly items: readonly unknown[] }) => JSON.stringify({ events: list.items.length });

const raw: RequestListener = (request, response) => {
  const chunks: Buffer[] = [];
  request.on('data', (chunk: Buffer) => chunks.push(chunk));
  request.on('end', () => {
    const body = countOf(JSON.parse(Buffer.concat(chunks).toString('utf8')));
    response.writeHead(200, { 'content-type': 'application/json', 'content-length': body.length }).end(body);
  });
};

function withExpress(): RequestListener {
  const app = express();
  app.disable('x-powered-by').disable('etag');
  app.use(express.json({ limit: MAX_BODY }));
  app.post('/audit', (request, response) => {
    response.type('json').send(countOf(request.body));
  });
  return app;
}

const app = kind === 'express' ? withExpress() : raw;
const server =
  cert === undefined || key === undefined || ca === undefined
    ? createHttpServer(app)
    : createHttpsServer({ cert, key, ca, requestCert: true, rejectUnauthorized: true }, app);
server.listen(Number(port), '127.0.0.1');
