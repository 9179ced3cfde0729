// A client as pages of media companies are one: the JavaScript SDK and pages
// with REST API V2 of their own do the like.
'use strict';

const device = btoa(JSON.stringify({
  primaryHardwareType: 'Desktop', model: 'Browser', version: '1', osName: 'Linux', osVersion: '6', connectionType: 'Ethernet',
}));

// ask tells what the page gets to know of an answer, or why nothing.
async function ask(target, options) {
  let response;
  try {
    response = await fetch(target, options);
  } catch (error) {
    return {blocked: String(error)};
  }
  return {status: response.status, headers: Object.fromEntries(response.headers), body: await response.text()};
}

function register(gateway, statement) {
  return ask(gateway + '/o/client/register', {
    method: 'POST',
    headers: {'Content-Type': 'application/json;charset=UTF-8', 'X-Device-Info': device},
    body: JSON.stringify({software_statement: statement}),
  });
}

function token(gateway, client) {
  return ask(gateway + '/o/client/token', {
    method: 'POST',
    body: new URLSearchParams({grant_type: 'client_credentials', client_id: client.client_id, client_secret: client.client_secret}),
  });
}

function call(target, accessToken, options) {
  return ask(target, {
    headers: {
      Authorization: 'Bearer ' + accessToken, Accept: 'application/json', 'X-Device-Info': device,
      'AP-Device-Identifier': 'fingerprint YmxhY2sgYm94', 'AP-TempPass-Identity': 'eyJlbWFpbCI6IngifQ==', ap_19: 'x',
    },
    ...options,
  });
}

// framed calls from a frame that is sandboxed, whose origin is null.
function framed(target, accessToken) {
  return new Promise(resolve => {
    const frame = document.createElement('iframe');
    frame.sandbox = 'allow-scripts';
    frame.srcdoc = '<script src="/client.js"></' + 'script><script>call(' + JSON.stringify(target) + ', ' + JSON.stringify(accessToken) +
      ').then(answer => parent.postMessage(answer, "*"))</' + 'script>';
    addEventListener('message', event => resolve(event.data), {once: true});
    document.body.append(frame);
  });
}
