// SPDX-License-Identifier: Apache-2.0
#include "http/websocket_frame.hpp"

#include <openssl/evp.h>

#include <algorithm>
#include <array>
#include <utility>

#include "porchlight/base/utf8.hpp"

namespace porchlight::http {
namespace {

constexpr std::uint16_t protocol_error = 1002;
constexpr std::uint16_t no_code = 1005;
constexpr std::uint16_t not_utf8 = 1007;
constexpr std::uint16_t too_big = 1009;
constexpr std::size_t control_limit = 125;

constexpr bool is_control(Opcode opcode) {
  return static_cast<std::uint8_t>(opcode) >= 8;
}

constexpr bool is_known(unsigned opcode) {
  return opcode <= 2 || (opcode >= 8 && opcode <= 10);
}

// What a peer may send (RFC 6455 §7.4): 1004…1006 and 1015 never travel.
constexpr bool may_be_sent(unsigned code) {
  if (code >= 3000 && code <= 4999) return true;
  return code >= 1000 && code <= 1014 && (code < 1004 || code > 1006);
}

std::uint64_t big_endian(std::string_view bytes) {
  std::uint64_t value = 0;
  for (const char c : bytes) value = (value << 8U) | static_cast<unsigned char>(c);
  return value;
}

}  // namespace

std::string websocket_head(Opcode opcode, std::size_t size) {
  std::string head;
  head.push_back(static_cast<char>(0x80U | static_cast<unsigned>(opcode)));
  const int wide = size <= 125 ? 0 : size <= 0xffff ? 2 : 8;
  head.push_back(static_cast<char>(wide == 0 ? size : wide == 2 ? 126U : 127U));
  for (int byte = wide - 1; byte >= 0; --byte)
    head.push_back(static_cast<char>((static_cast<std::uint64_t>(size) >> (8 * byte)) & 0xffU));
  return head;
}

std::string websocket_frame(Opcode opcode, std::string_view payload) {
  auto frame = websocket_head(opcode, payload.size());
  frame.append(payload);
  return frame;
}

std::string websocket_close_frame(std::uint16_t code, std::string_view reason) {
  if (code == no_code) return websocket_frame(Opcode::close, {});
  std::string payload = {static_cast<char>(code >> 8U), static_cast<char>(code & 0xffU)};
  payload.append(reason.substr(0, control_limit - 2));
  return websocket_frame(Opcode::close, payload);
}

std::optional<std::string> websocket_accept(std::string_view key) {
  constexpr std::size_t encoded_16_bytes = 24;
  std::array<unsigned char, 18> decoded{};
  const bool shaped = key.size() == encoded_16_bytes && key.ends_with("==") && key[21] != '=';
  if (!shaped || EVP_DecodeBlock(decoded.data(), reinterpret_cast<const unsigned char*>(key.data()),
                                 static_cast<int>(key.size())) != 18)
    return std::nullopt;
  const std::string salted = std::string(key) + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";
  std::array<unsigned char, 20> digest{};
  if (EVP_Digest(salted.data(), salted.size(), digest.data(), nullptr, EVP_sha1(), nullptr) != 1)
    return std::nullopt;
  std::array<unsigned char, 32> text{};
  const int size = EVP_EncodeBlock(text.data(), digest.data(), digest.size());
  return std::string(reinterpret_cast<const char*>(text.data()), static_cast<std::size_t>(size));
}

std::optional<std::uint16_t> WebSocketReader::read_head(std::string_view bytes, Head& head) const {
  if (bytes.size() < 2) return need_more;
  const auto first = static_cast<unsigned char>(bytes[0]);
  const auto second = static_cast<unsigned char>(bytes[1]);
  // Reserved bits belong to extensions, and none was agreed on; a client masks what it sends.
  if ((first & 0x70U) != 0 || !is_known(first & 0x0fU) || (second & 0x80U) == 0) return protocol_error;
  head.final = (first & 0x80U) != 0;
  head.opcode = static_cast<Opcode>(first & 0x0fU);
  const unsigned shortest = second & 0x7fU;
  const std::size_t wide = shortest == 126 ? 2 : shortest == 127 ? 8 : 0;
  head.size = 2 + wide + 4;
  if (bytes.size() < head.size) return need_more;
  head.length = wide == 0 ? shortest : big_endian(bytes.substr(2, wide));
  head.mask = static_cast<std::uint32_t>(big_endian(bytes.substr(2 + wide, 4)));
  // The shortest form that holds it, and 63 bits at most.
  if ((wide == 2 && head.length <= 125) || (wide == 8 && (head.length <= 0xffff || head.length >> 63U != 0)))
    return protocol_error;
  return judge(head);
}

std::optional<std::uint16_t> WebSocketReader::judge(const Head& head) const {
  if (is_control(head.opcode)) {
    if (!head.final || head.length > control_limit) return protocol_error;
    return std::nullopt;
  }
  if ((head.opcode == Opcode::continuation) != in_message_) return protocol_error;
  if (head.length > message_limit_ - message_.size()) return too_big;
  return std::nullopt;
}

WebSocketReader::Step WebSocketReader::failed(std::size_t consumed, std::uint16_t code) {
  failure_ = code;
  return {.consumed = consumed, .event = Event::failed, .code = code};
}

WebSocketReader::Step WebSocketReader::feed(std::string_view bytes) {
  if (failure_ != 0) return failed(0, failure_);
  std::size_t consumed = 0;
  if (!in_frame_) {
    if (const auto code = read_head(bytes, head_)) return *code == need_more ? Step{} : failed(0, *code);
    consumed = head_.size;
    in_frame_ = true;
    left_ = head_.length;
    mask_at_ = 0;
    if (head_.opcode == Opcode::text || head_.opcode == Opcode::binary) {
      in_message_ = true;
      message_kind_ = head_.opcode;
    }
  }
  const auto piece = bytes.substr(consumed, left_);
  take(piece);
  consumed += piece.size();
  left_ -= piece.size();
  if (left_ > 0) return {.consumed = consumed};
  in_frame_ = false;
  return finish_frame(consumed);
}

void WebSocketReader::take(std::string_view masked) {
  auto& into = is_control(head_.opcode) ? control_ : message_;
  for (const char c : masked) {
    into.push_back(
        static_cast<char>(static_cast<unsigned char>(c) ^ ((head_.mask >> (24U - 8U * mask_at_)) & 0xffU)));
    mask_at_ = (mask_at_ + 1) % 4;
  }
}

WebSocketReader::Step WebSocketReader::finish_frame(std::size_t consumed) {
  if (is_control(head_.opcode)) return finish_control(consumed);
  if (!head_.final) return {.consumed = consumed};
  in_message_ = false;
  auto message = std::exchange(message_, {});
  if (message_kind_ == Opcode::text && !is_utf8(message)) return failed(consumed, not_utf8);
  return {
      .consumed = consumed, .event = Event::message, .opcode = message_kind_, .payload = std::move(message)};
}

WebSocketReader::Step WebSocketReader::finish_control(std::size_t consumed) {
  if (head_.opcode == Opcode::close) return finish_close(consumed);
  const auto event = head_.opcode == Opcode::ping ? Event::ping : Event::pong;
  return {.consumed = consumed, .event = event, .payload = std::exchange(control_, {})};
}

WebSocketReader::Step WebSocketReader::finish_close(std::size_t consumed) {
  const auto payload = std::exchange(control_, {});
  if (payload.empty()) return {.consumed = consumed, .event = Event::closed, .code = no_code};
  const auto code = static_cast<std::uint16_t>(big_endian(std::string_view(payload).substr(0, 2)));
  if (payload.size() < 2 || !may_be_sent(code)) return failed(consumed, protocol_error);
  if (!is_utf8(std::string_view(payload).substr(2))) return failed(consumed, not_utf8);
  return {.consumed = consumed, .event = Event::closed, .code = code};
}

}  // namespace porchlight::http
