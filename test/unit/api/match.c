/* tests api/match.c: rows found by method and path. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "api/internal.h"
#include "api/match.h"

static const struct route some[] = {
    { .method = "GET", .path = "/" },
    { .method = "GET", .path = "/api/projects/:project/insights/" },
    { .method = "POST", .path = "/api/projects/:project/insights/" },
    { .method = "GET", .path = "/api/projects/:project/insights/viewed/" },
    { .method = "PATCH", .path = "/api/projects/:project/insights/:id/" },
    { .method = "GET", .path = "/api/projects/:project/insights/:id/" },
    { 0 },
};
static const struct route others[] = {
    { .method = "GET", .path = "/api/projects/" },
    { .method = "GET", .path = "/api/users/:id/" },
    { .method = "GET", .path = "/api/organizations/:organization/projects/:id/" },
    { .method = "GET", .path = "/api/projects/:project/a/:id/b/:sub_id/" },
    { 0 },
};
static const struct route *const tables[] = { some, others };

/* The path of the row found, and of its parameters the last; "-": none. */
static void finds(const char *method, const char *path, const char *row, const char *param)
{
    struct route_index *x = route_index_new(tables, 2);
    struct route_match m = { 0 };
    const struct route *other, *got = route_find(x, str_of(method), str_of(path), &m, &other);
    str last = m.sub_id.p ? m.sub_id : m.id.p ? m.id : m.organization.p ? m.organization : m.project;
    assert_string_equal(got ? got->path : "-", row);
    if (got)
        assert_true(str_eqz(last, param) || (!param && !last.p));
    route_index_free(x);
}

static void by_path(void **state)
{
    (void)state;
    finds("GET", "/", "/", NULL);
    finds("GET", "/api/projects", "/api/projects/", NULL);
    finds("GET", "/api/projects/7/insights", "/api/projects/:project/insights/", "7");
    finds("GET", "/api/environments/@current/insights/", "/api/projects/:project/insights/", "@current");
    finds("GET", "/api/projects/7/insights/viewed/", "/api/projects/:project/insights/viewed/", "7");
    finds("PATCH", "/api/projects/7/insights/viewed/", "/api/projects/:project/insights/:id/", "viewed");
    finds("GET", "/api/users/@me/", "/api/users/:id/", "@me");
    finds("GET", "/api/organizations/o/projects/9/", "/api/organizations/:organization/projects/:id/", "9");
    finds("GET", "/api/projects/7/a/x/b/y", "/api/projects/:project/a/:id/b/:sub_id/", "y");
}

static void not_there(void **state)
{
    (void)state;
    finds("GET", "/api/environments/", "-", NULL); /* stands for projects only where one is named */
    finds("GET", "/api/organizations/o/environments/9/", "-", NULL);
    finds("GET", "/api/projects/7/insight/", "-", NULL);
    finds("GET", "/api/projects//insights/", "-", NULL);
    finds("GET", "/api/users/", "-", NULL);
    finds("GET", "", "-", NULL);
}

/* Another method of the path: best the row that reads. */
static void other_methods(void **state)
{
    struct route_index *x = route_index_new(tables, 2);
    struct route_match m;
    const struct route *other;
    (void)state;
    assert_null(route_find(x, STR("DELETE"), STR("/api/projects/7/insights/5/"), &m, &other));
    assert_string_equal(other->method, "GET");
    assert_true(str_eqz(m.id, "5"));
    assert_ptr_equal(route_find(x, STR("HEAD"), STR("/api/projects/7/insights/"), &m, &other), &some[1]);
    assert_null(route_find(x, STR("GET"), STR("/nothing/"), &m, &other));
    assert_null(other);
    route_index_free(x);
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(by_path), cmocka_unit_test(not_there),
                                        cmocka_unit_test(other_methods) };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
