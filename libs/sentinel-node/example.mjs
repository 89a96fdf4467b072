// Serves on PORT and calls itself each half a second; run it with the MTLS_ variables of a fleet or of dev-certs.
import { get } from 'node:https';
import { openMtls, peerOfRequest } from 'sentinel-node';

const port = Number(process.env.PORT ?? 8443);
const mtls = await openMtls();
await mtls.serveHttps({ port }, (request, response) => {
  response.end(`hello ${peerOfRequest(request).identity.spiffeId}`);
});

const agent = mtls.agent();
setInterval(() => {
  get({ host: 'localhost', port, agent }, async response => {
    let body = '';
    for await (const chunk of response) body += chunk;
    console.log(response.statusCode, body, 'under generation', mtls.current().number);
  }).on('error', error => console.log(error.code));
}, 500);
