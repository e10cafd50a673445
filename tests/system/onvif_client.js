// SPDX-License-Identifier: Apache-2.0
// What another ONVIF client (the npm package `onvif`) reads out of a device: node onvif_client.js HOST PORT USER PASSWORD
'use strict';
const {Cam} = require('onvif');
const [host, port, username, password] = process.argv.slice(2);

const fail = (error) => {
  console.error(String(error));
  process.exit(1);
};

const cam = new Cam({hostname: host, port: Number(port), username, password, timeout: 20000}, (error) => {
  if (error) return fail(error);
  cam.getDeviceInformation((refused, device) => {
    if (refused) return fail(refused);
    const profiles = cam.profiles.filter((profile) => profile.videoEncoderConfiguration);
    const read = [];
    const next = () => {
      const profile = profiles.shift();
      if (!profile) return console.log(JSON.stringify({device, read}));
      const encoder = profile.videoEncoderConfiguration;
      cam.getStreamUri({protocol: 'RTSP', profileToken: profile.$.token}, (none, stream) => {
        if (none) return fail(none);
        read.push({token: profile.$.token, name: profile.name, codec: encoder.encoding, width: encoder.resolution.width,
          height: encoder.resolution.height, fps: encoder.rateControl.frameRateLimit, uri: stream.uri});
        next();
      });
    };
    next();
  });
});
