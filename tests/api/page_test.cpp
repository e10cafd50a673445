// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>

#include "api/built_files.hpp"
#include "api/page_route.hpp"
#include "http/gunzip.hpp"

namespace porchlight::api {
namespace {

using testing::AllOf;
using testing::HasSubstr;

class PageRoutes : public test::BuiltFiles {
 protected:
  http::test::Reply ask(const std::string& path, const std::string& headers = {}) {
    return BuiltFiles::ask(
        {"/", "/assets/{file}"},
        [this](Guard& guard) {
          add_page_routes(guard, {built.path() / "nowhere", built.path() / "page"});
        },
        path, headers);
  }
};

TEST_F(PageRoutes, IndexHasAStrictPolicy) {
  write("page/index.html", "<!doctype html>");
  const auto reply = ask("/");
  EXPECT_EQ(reply.status, 200);
  EXPECT_EQ(reply.body, "<!doctype html>");
  EXPECT_EQ(reply.headers.at("content-type"), "text/html; charset=utf-8");
  EXPECT_THAT(reply.headers.at("content-security-policy"),
              AllOf(HasSubstr("default-src 'none'"), HasSubstr("script-src 'self';"),
                    Not(HasSubstr("unsafe")), HasSubstr("frame-ancestors 'none'")));
  EXPECT_EQ(reply.headers.at("x-content-type-options"), "nosniff");
  EXPECT_EQ(reply.headers.at("referrer-policy"), "no-referrer");
  EXPECT_EQ(reply.headers.at("cache-control"), "private, no-cache");
  EXPECT_EQ(ask("/", "If-None-Match: " + reply.headers.at("etag") + "\r\n").status, 304);
}

TEST_F(PageRoutes, AssetIsKeptForEverAndComesPacked) {
  const std::string script(5000, 'x');
  write("page/index.html", "<!doctype html>");
  write("page/assets/a-1.js", script);
  const auto reply = ask("/assets/a-1.js", "Accept-Encoding: gzip\r\n");
  EXPECT_EQ(reply.status, 200);
  EXPECT_EQ(reply.headers.at("content-type"), "text/javascript; charset=utf-8");
  EXPECT_EQ(reply.headers.at("cache-control"), "public, max-age=31536000, immutable");
  EXPECT_EQ(http::test::gunzip(reply.body), script);
}

TEST_F(PageRoutes, NothingOutsideIsServed) {
  write("page/index.html", "<!doctype html>");
  write("page/secret", "secret");
  write("page/assets/a-1.js", "1");
  for (const auto* path : {"/assets/..%2fsecret", "/assets/%2e%2e/secret", "/assets/../secret",
                           "/assets/secret", "/assets/", "/index.html", "/secret"}) {
    const auto reply = ask(path);
    EXPECT_THAT(reply.status, testing::AnyOf(400, 404)) << path;
    EXPECT_NE(reply.body, "secret") << path;
  }
}

TEST_F(PageRoutes, WithoutFilesItSaysWhereTheyWereLookedFor) {
  const auto reply = ask("/");
  EXPECT_EQ(reply.status, 404);
  EXPECT_EQ(reply.headers.at("content-type"), "text/plain; charset=utf-8");
  EXPECT_THAT(reply.body, AllOf(HasSubstr((built.path() / "nowhere").string()),
                                HasSubstr((built.path() / "page").string()), HasSubstr("docs/page.md")));
  EXPECT_EQ(ask("/assets/a-1.js").status, 404);
}

}  // namespace
}  // namespace porchlight::api
