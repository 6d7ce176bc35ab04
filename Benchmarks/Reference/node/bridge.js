// The peer in Node: what a team writes that joins a carrier's media stream to a realtime model with `ws` and JSON.parse.
// Mu-law passes through as it came and nothing is paced, so it does less than the others.
//
//   NODE_PATH=/usr/share/nodejs node bridge.js --port P --model-port M     (Debian: nodejs, node-ws)
'use strict';
const { WebSocket, WebSocketServer } = require('ws');

function option(name) {
  const at = process.argv.indexOf(`--${name}`);
  const value = Number(process.argv[at + 1]);
  if (at < 0 || !Number.isInteger(value) || value < 1 || value > 65535) {
    console.error(`--${name}: a port, 1 ... 65535, was expected`);
    process.exit(2);
  }
  return value;
}

const port = option('port');
const modelPort = option('model-port');
const format = { type: 'audio/pcmu' };
const session = {
  type: 'realtime',
  audio: { input: { format, turn_detection: null }, output: { format } },
};

const server = new WebSocketServer({ port, host: '127.0.0.1', perMessageDeflate: false });
server.on('connection', (carrier) => {
  const model = new WebSocket(`ws://127.0.0.1:${modelPort}/v1/realtime`, { perMessageDeflate: false });
  let streamSid = null;

  carrier.on('message', (text) => {
    const message = JSON.parse(text);
    switch (message.event) {
      case 'start':
        streamSid = message.start.streamSid;
        break;
      case 'media':
        if (model.readyState === WebSocket.OPEN) {
          model.send(JSON.stringify({ type: 'input_audio_buffer.append', audio: message.media.payload }));
        }
        break;
      case 'stop':
        model.close();
        break;
    }
  });
  model.on('open', () => model.send(JSON.stringify({ type: 'session.update', session })));
  model.on('message', (text) => {
    const event = JSON.parse(text);
    switch (event.type) {
      case 'session.updated':
        model.send(JSON.stringify({ type: 'response.create' }));
        break;
      case 'response.output_audio.delta':
        if (streamSid !== null) {
          carrier.send(JSON.stringify({ event: 'media', streamSid, media: { payload: event.delta } }));
        }
        break;
    }
  });
  carrier.on('close', () => model.close());
  model.on('close', () => carrier.close());
  carrier.on('error', () => model.terminate());
  model.on('error', () => carrier.terminate());
});
