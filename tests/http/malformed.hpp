// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

namespace porchlight::http::test {

using namespace std::string_literals;

// What the grammar of RFC 9112 forbids, smuggling attempts among it.
inline std::vector<std::string> malformed_by_grammar() {
  return {
      "GET\r\n\r\n",
      "GET /\r\n\r\n",
      "GET  / HTTP/1.1\r\nHost: x\r\n\r\n",
      " GET / HTTP/1.1\r\nHost: x\r\n\r\n",
      "GET / HTTP/1.1 \r\nHost: x\r\n\r\n",
      "GET / HTTP/2.0\r\nHost: x\r\n\r\n",
      "GET / HTTP/1.2\r\nHost: x\r\n\r\n",
      "GET / http/1.1\r\nHost: x\r\n\r\n",
      "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
      "GET / HTTP/1.1\nHost: x\n\n",
      "GET / HTTP/1.1\r\nHost: x\nX: y\r\n\r\n",
      "GET / HTTP/1.1\r\nHost : x\r\n\r\n",
      "GET / HTTP/1.1\r\nHo st: x\r\n\r\n",
      "GET / HTTP/1.1\r\nno colon\r\n\r\n",
      "GET / HTTP/1.1\r\n: empty name\r\n\r\n",
      "GET / HTTP/1.1\r\nHost: x\r\nX: a\0b\r\n\r\n"s,
      "G\0T / HTTP/1.1\r\nHost: x\r\n\r\n"s,
      "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03 a TLS greeting\r\n\r\n"s,
      "GET / HTTP/1.1\r\nHost: x\r\nX: folded\r\n value\r\n\r\n",
      "GET / HTTP/1.1\r\n Host: x\r\n\r\n",
      "GET / HTTP/1.1\r\nHost: x\r\nX: a\rb\r\n\r\n",
      "GET / HTTP/1.1\r\nHost: x\r\nX: a\x7f\r\n\r\n",
      "GET /\xc3\xa4 HTTP/1.1\r\nHost: x\r\n\r\n",
      "GET /\t HTTP/1.1\r\nHost: x\r\n\r\n",
      "\r\n\r\nGET / HTTP/1.1\r\nHost: x\r\n\r\n",
      "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
      "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\nContent-Length: 3\r\n\r\n0\r\n\r\n",
      "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\nContent-Length: 4\r\n\r\nabcd",
      "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\nContent-Length: 3\r\n\r\nabc",
      "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 3, 3\r\n\r\nabc",
      "POST / HTTP/1.1\r\nHost: x\r\nContent-Length:\r\n\r\nabc",
      "POST / HTTP/1.1\r\nHost: x\r\nContent-Length : 3\r\n\r\nabc",
      "POST / HTTP/1.1\r\nHost: x\r\nContent-Length\t: 3\r\n\r\nabc",
      "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n",
      "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: +1\r\n\r\na",
      "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 0x1\r\n\r\na",
      "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1 1\r\n\r\na",
      "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 99999999999999999999999\r\n\r\na",
  };
}

// A body whose length is told otherwise than by Content-Length.
inline std::vector<std::string> without_length() {
  return {
      "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n",
      "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: gzip\r\n\r\nabc",
      "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked, gzip\r\n\r\n0\r\n\r\n",
      "POST / HTTP/1.0\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
      "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\nabc\r\n0\r\n\r\n",
      "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabcX\r\n0\r\n\r\n",
  };
}

// Well-formed, but nothing this server can or will understand.
inline std::vector<std::string> malformed_by_meaning() {
  return {
      "GET / HTTP/1.1\r\n\r\n",                               // no Host
      "GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n",         // two
      "GET / HTTP/1.1\r\nHost: a b\r\n\r\n",                  //
      "GET / HTTP/1.1\r\nHost: a@b\r\n\r\n",                  //
      "GET / HTTP/1.1\r\nHost: a/b\r\n\r\n",                  //
      "GET /../etc/passwd HTTP/1.1\r\nHost: x\r\n\r\n",       //
      "GET /%2e%2e/etc/passwd HTTP/1.1\r\nHost: x\r\n\r\n",   //
      "GET /%00 HTTP/1.1\r\nHost: x\r\n\r\n",                 //
      "GET /%zz HTTP/1.1\r\nHost: x\r\n\r\n",                 //
      "OPTIONS * HTTP/1.1\r\nHost: x\r\n\r\n",                //
      "CONNECT example.org:443 HTTP/1.1\r\nHost: x\r\n\r\n",  //
  };
}

}  // namespace porchlight::http::test
