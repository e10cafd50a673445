// SPDX-License-Identifier: Apache-2.0
#include "porchlight/http/router.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "http/running_server.hpp"

namespace porchlight::http {
namespace {

using test::route;
using test::says;

Router doors() {
  Router router;
  router.add(route(Method::get, "/things/{id}", says("one")));
  router.add(route(Method::del, "/things/{id}", says("gone"), Visibility::unix_only));
  router.add(route(Method::post, "/things/{id}/open", says("open"), Visibility::unix_only));
  router.add(route(Method::get, "/", says("root")));
  return router;
}

TEST(Router, TakesParametersOutOfThePath) {
  const auto router = doors();
  const auto match = router.match(Method::post, "/things/front door/open", Listener::unix_socket);
  ASSERT_NE(match.route, nullptr);
  EXPECT_EQ(match.route->path, "/things/{id}/open");
  EXPECT_EQ(match.parameters.at("id"), "front door");
}

TEST(Router, MatchesWholePathsOnly) {
  const auto router = doors();
  for (const auto* path : {"/things", "/things/", "/things//open", "/things/a/open/", "/things/a/openx",
                           "/Things/a", "", "things/a", "//things/a"}) {
    EXPECT_EQ(router.match(Method::get, path, Listener::unix_socket).status, 404) << path;
  }
  EXPECT_NE(router.match(Method::get, "/", Listener::tcp).route, nullptr);
}

TEST(Router, AnswersHeadWhereItAnswersGet) {
  const auto router = doors();
  EXPECT_NE(router.match(Method::head, "/things/a", Listener::tcp).route, nullptr);
  EXPECT_EQ(router.match(Method::head, "/things/a/open", Listener::unix_socket).status, 405);
}

TEST(Router, NamesOnlyWhatThisListenerTakes) {
  const auto router = doors();
  EXPECT_EQ(router.match(Method::put, "/things/a", Listener::unix_socket).allow, "GET, HEAD, DELETE");
  EXPECT_EQ(router.match(Method::put, "/things/a", Listener::tcp).allow, "GET, HEAD");
  EXPECT_EQ(router.match(Method::del, "/things/a", Listener::tcp).status, 405);
  EXPECT_EQ(router.match(Method::post, "/things/a/open", Listener::tcp).status, 404);
  EXPECT_EQ(router.match(Method::put, "/things/a/open", Listener::tcp).status, 404);
}

TEST(Router, APathOfItsOwnThatIsHiddenHereIsNotThere) {
  auto router = doors();
  router.add(route(Method::post, "/things/new", says("made"), Visibility::unix_only));
  EXPECT_NE(router.match(Method::post, "/things/new", Listener::unix_socket).route, nullptr);
  const auto hidden = router.match(Method::post, "/things/new", Listener::tcp);
  EXPECT_EQ(hidden.status, 404);
  EXPECT_EQ(hidden.route, nullptr);
  EXPECT_EQ(router.match(Method::get, "/things/new", Listener::tcp).parameters.at("id"), "new");
}

TEST(Router, ListsEachTemplateOnce) {
  EXPECT_THAT(doors().templates(), testing::ElementsAre("/things/{id}", "/things/{id}/open", "/"));
}

}  // namespace
}  // namespace porchlight::http
