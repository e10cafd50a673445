// SPDX-License-Identifier: Apache-2.0
#include "http/payload.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "http/cookies.hpp"
#include "http/form.hpp"

namespace porchlight::http {
namespace {

using testing::HasSubstr;

std::string nested(std::size_t depth) {
  return std::string(depth, '[') + std::string(depth, ']');
}

TEST(JsonBody, IsOneValueInUtf8) {
  for (const auto* good : {"{}", "[1,2.5,-3e7,true,null]", "\"ä\"", R"({"a":{"a":1},"b":[{"a":2}]})", " 1 "})
    EXPECT_EQ(json_fault(good, 32), "") << good;
  for (const auto* bad :
       {"", "{", "{}{}", "[1,]", "{'a':1}", "nul", "[01]", "\"\n\"", "{\"a\":1,}", "NaN", "// c\n1"})
    EXPECT_THAT(json_fault(bad, 32), HasSubstr("the body is no JSON: wrong at byte ")) << bad;
  EXPECT_EQ(json_fault(R"({"a":1,})", 32), "the body is no JSON: wrong at byte 8");
  EXPECT_EQ(json_fault("{", 32), "the body is no JSON: wrong at byte 2");
  EXPECT_EQ(json_fault("\"\xff\"", 32), "the body is not UTF-8");
}

TEST(JsonBody, HasNoKeyTwiceInOneObject) {
  EXPECT_THAT(json_fault(R"({"a":1,"b":{"a":2},"a":3})", 32), HasSubstr("twice"));
  EXPECT_THAT(json_fault(R"({"a":1,"\u0061":3})", 32), HasSubstr("twice"));
}

TEST(JsonBody, IsBoundedInDepth) {
  EXPECT_EQ(json_fault(nested(32), 32), "");
  EXPECT_THAT(json_fault(nested(33), 32), HasSubstr("too deeply"));
  EXPECT_THAT(json_fault(std::string(1'000'000, '['), 32), HasSubstr("too deeply"));
  EXPECT_THAT(json_fault(std::string(32, '[') + "{\"a\":1}", 32), HasSubstr("too deeply"));
}

const std::string head = "Content-Disposition: form-data; name=\"n\"\r\n\r\n";

TEST(FormBoundary, IsReadOutOfTheContentType) {
  EXPECT_EQ(form_boundary("multipart/form-data; boundary=abc"), "abc");
  EXPECT_EQ(form_boundary("Multipart/Form-Data;charset=utf-8; BOUNDARY=\"a b:c\""), "a b:c");
  for (const auto& wrong :
       {std::string("multipart/form-data"), std::string("multipart/form-data; boundary="),
        std::string("multipart/mixed; boundary=abc"), "multipart/form-data; boundary=" + std::string(71, 'b'),
        std::string("multipart/form-data; boundary=\"a"), std::string("multipart/form-data; boundary=\"a \""),
        std::string("multipart/form-data; boundary=a{b"), std::string("text/plain")})
    EXPECT_EQ(form_boundary(wrong), std::nullopt) << wrong;
}

TEST(Form, GivesItsParts) {
  const std::string body =
      "--b\r\nContent-Disposition: form-data; name=\"person\"\r\n\r\nAda\r\n"
      "--b\r\ncontent-disposition: form-data; filename=\"a \\\"b\\\".jpg\"; name=picture\r\n"
      "Content-Type: image/jpeg\r\n\r\n\xff\xd8\r\n--\r\n-b\r\n"
      "--b--\r\nwhat follows is of no interest";
  const auto form = parse_form(body, "b", 4);
  EXPECT_EQ(form.fault, "");
  ASSERT_EQ(form.parts.size(), 2U);
  EXPECT_EQ(form.parts[0].name, "person");
  EXPECT_EQ(form.parts[0].bytes, "Ada");
  EXPECT_EQ(form.parts[1].name, "picture");
  EXPECT_EQ(form.parts[1].file_name, "a \"b\".jpg");
  EXPECT_EQ(form.parts[1].content_type, "image/jpeg");
  EXPECT_EQ(form.parts[1].bytes, "\xff\xd8\r\n--\r\n-b");
  EXPECT_EQ(parse_form("--b--", "b", 4).fault, "");
}

TEST(Form, IsBoundedInEveryPart) {
  std::string body;
  for (int i = 0; i < 4; ++i) body += "--b\r\n" + head + "x\r\n";
  body += "--b--";
  EXPECT_EQ(parse_form(body, "b", 4).parts.size(), 4U);
  EXPECT_THAT(parse_form(body, "b", 3).fault, HasSubstr("too many parts"));
  EXPECT_EQ(parse_form(body, "b", 3).parts.size(), 0U);
  const auto with = [](const std::string& header) {
    return parse_form("--b\r\n" + header + "\r\n\r\nx\r\n--b--", "b", 4).fault;
  };
  const std::string disposition = "Content-Disposition: form-data; name=";
  EXPECT_EQ(with(disposition + std::string(64, 'n')), "");
  EXPECT_THAT(with(disposition + std::string(65, 'n')), HasSubstr("no usable name"));
  EXPECT_EQ(with(disposition + "n; filename=" + std::string(255, 'f')), "");
  EXPECT_THAT(with(disposition + "n; filename=" + std::string(256, 'f')), HasSubstr("no usable file name"));
  EXPECT_THAT(with(disposition + "n\r\nX: " + std::string(1024, 'x')), HasSubstr("end of its header"));
}

TEST(Form, RefusesTheMalformed) {
  const std::string disposition = "Content-Disposition: form-data; name=";
  for (const auto& body : std::vector<std::string>{
           "", "--c--", "--b", "--b\r\n", "--b\n" + head + "x\r\n--b--", "--b\r\n" + head + "x",
           "--b\r\n" + head + "x\r\n--b", "--b\r\n" + head + "x\r\n--bx--", "--b\r\n\r\nx\r\n--b--",
           "--b\r\nContent-Type: a\r\n\r\nx\r\n--b--",
           "--b\r\nContent-Disposition: attachment; name=a\r\n\r\nx\r\n--b--",
           "--b\r\n" + disposition + "\"a\r\n\r\nx\r\n--b--",
           "--b\r\n" + disposition + "\"\"\r\n\r\nx\r\n--b--",
           "--b\r\n" + disposition + "a; name=b\r\n\r\nx\r\n--b--",
           "--b\r\n" + disposition + "a\\x00\r\nno colon\r\n\r\nx\r\n--b--",
           "--b\r\n" + disposition + std::string("a\0b", 3) + "\r\n\r\nx\r\n--b--",
           "--b\r\n" + disposition + "\"\xff\"\r\n\r\nx\r\n--b--",
           "--b\r\n" + disposition + "a\r\n" + disposition + "b\r\n\r\nx\r\n--b--"}) {
    EXPECT_NE(parse_form(body, "b", 4).fault, "") << testing::PrintToString(body);
  }
}

TEST(Cookies, AreFoundByTheirExactName) {
  Request request;
  request.headers = {{"Cookie", "a=1; session=\"s3\" ;b=x=y;empty="}, {"cookie", "c=2"}};
  EXPECT_EQ(request.cookie("a"), "1");
  EXPECT_EQ(request.cookie("session"), "s3");
  EXPECT_EQ(request.cookie("b"), "x=y");
  EXPECT_EQ(request.cookie("empty"), "");
  EXPECT_EQ(request.cookie("c"), "2");
  EXPECT_EQ(request.cookie("ession"), std::nullopt);
  EXPECT_EQ(request.cookie("A"), std::nullopt);
  // Another site under the same domain can plant a second one; which is ours cannot be told.
  request.headers = {{"Cookie", "session=good; session=evil"}};
  EXPECT_EQ(request.cookie("session"), std::nullopt);
  request.headers = {{"Cookie", "session=good"}, {"Cookie", "session=good"}};
  EXPECT_EQ(request.cookie("session"), "good");
}

}  // namespace
}  // namespace porchlight::http
