// SPDX-License-Identifier: Apache-2.0
#pragma once

// The XML namespaces of what is spoken with a device.
namespace porchlight::onvif::ns {

inline constexpr auto* soap = "http://www.w3.org/2003/05/soap-envelope";
inline constexpr auto* addressing = "http://schemas.xmlsoap.org/ws/2004/08/addressing";
inline constexpr auto* discovery = "http://schemas.xmlsoap.org/ws/2005/04/discovery";
inline constexpr auto* network = "http://www.onvif.org/ver10/network/wsdl";
inline constexpr auto* device = "http://www.onvif.org/ver10/device/wsdl";
inline constexpr auto* schema = "http://www.onvif.org/ver10/schema";
inline constexpr auto* media = "http://www.onvif.org/ver10/media/wsdl";
inline constexpr auto* media2 = "http://www.onvif.org/ver20/media/wsdl";
inline constexpr auto* wsse =
    "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-secext-1.0.xsd";
inline constexpr auto* wsu =
    "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-utility-1.0.xsd";

}  // namespace porchlight::onvif::ns
