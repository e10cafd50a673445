// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>

#include "api/built_files.hpp"
#include "api/runbook_route.hpp"
#include "http/gunzip.hpp"

namespace porchlight::api {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

class RunbookRoutes : public test::BuiltFiles {
 protected:
  http::test::Reply ask(const std::string& path, const std::string& headers = {}) {
    return BuiltFiles::ask(
        {"/runbooks/{name}"},
        [this](Guard& guard) {
          add_runbook_route(guard, {built.path() / "nowhere", built.path() / "runbooks"});
        },
        path, headers);
  }
};

TEST_F(RunbookRoutes, ComesAsAPageOfItsOwnUnderAStrictPolicy) {
  write("runbooks/CameraOffline.html", "<h1>CameraOffline</h1>");
  const auto reply = ask("/runbooks/CameraOffline");
  EXPECT_EQ(reply.status, 200);
  EXPECT_THAT(reply.body, AllOf(HasSubstr("<title>CameraOffline"), HasSubstr("<h1>CameraOffline</h1>"),
                                HasSubstr("</html>")));
  EXPECT_EQ(reply.headers.at("content-type"), "text/html; charset=utf-8");
  EXPECT_THAT(reply.headers.at("content-security-policy"),
              AllOf(HasSubstr("default-src 'none'"), HasSubstr("style-src 'sha256-"),
                    Not(HasSubstr("unsafe")), HasSubstr("frame-ancestors 'none'")));
  EXPECT_EQ(ask("/runbooks/CameraOffline", "If-None-Match: " + reply.headers.at("etag") + "\r\n").status,
            304);
}

TEST_F(RunbookRoutes, ComesPacked) {
  const std::string text(5000, 'x');
  write("runbooks/CameraOffline.html", text);
  EXPECT_THAT(http::test::gunzip(ask("/runbooks/CameraOffline", "Accept-Encoding: gzip\r\n").body),
              HasSubstr(text));
}

TEST_F(RunbookRoutes, UnknownNameIsToldWhichThereAre) {
  write("runbooks/CameraOffline.html", "<h1>CameraOffline</h1>");
  write("runbooks/notes.txt", "none of them");
  const auto reply = ask("/runbooks/CameraOfline");
  EXPECT_EQ(reply.status, 404);
  EXPECT_EQ(reply.headers.at("content-type"), "text/plain; charset=utf-8");
  EXPECT_THAT(reply.body, AllOf(HasSubstr("\n  CameraOffline\n"), Not(HasSubstr("notes"))));
}

TEST_F(RunbookRoutes, NothingOutsideIsServed) {
  write("runbooks/CameraOffline.html", "<h1>CameraOffline</h1>");
  write("secret.html", "secret");
  for (const auto* path :
       {"/runbooks/..%2fsecret", "/runbooks/%2e%2e/secret", "/runbooks/../secret", "/runbooks/"}) {
    const auto reply = ask(path);
    EXPECT_THAT(reply.status, testing::AnyOf(400, 404)) << path;
    EXPECT_THAT(reply.body, Not(HasSubstr("secret"))) << path;
  }
}

TEST_F(RunbookRoutes, WithoutFilesItSaysWhereTheyWereLookedFor) {
  const auto reply = ask("/runbooks/CameraOffline");
  EXPECT_EQ(reply.status, 404);
  EXPECT_THAT(reply.body, AllOf(HasSubstr((built.path() / "nowhere").string()),
                                HasSubstr((built.path() / "runbooks").string())));
}

}  // namespace
}  // namespace porchlight::api
