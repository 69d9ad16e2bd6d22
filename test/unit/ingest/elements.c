/* Tests ingest/elements.c: the text made of a click's elements. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdlib.h>

#include "ingest/elements.h"

static void chains(void **state)
{
    (void)state;
    static const struct {
        const char *list, *chain;
    } rows[] = {
        { "[]", "" },
        { "[5,null,\"x\"]", "" },
        { "[{}]", ":nth-child=\"0\"nth-of-type=\"0\"" },
        { "[{\"tag_name\":\"button\",\"$el_text\":\"Stay\",\"attr__id\":\"plain\",\"nth_child\":2,"
          "\"nth_of_type\":1},{\"tag_name\":\"body\",\"nth_child\":2,\"nth_of_type\":1}]",
          "button:attr__id=\"plain\"attr_id=\"plain\"nth-child=\"2\"nth-of-type=\"1\"text=\"Stay\";"
          "body:nth-child=\"2\"nth-of-type=\"1\"" },
        { "[{\"tag_name\":\"a\",\"attr__class\":\" btn  big\\t\\\"q\",\"attr__href\":\"/c\","
          "\"other\":1}]",
          "a.q.big.btn:attr__class=\" btn  big\t\\\"q\"attr__href=\"/c\"href=\"/c\""
          "nth-child=\"0\"nth-of-type=\"0\"" },
        { "[{\"tag_name\":\"a\",\"attr__class\":[\"z\",\"b\",3]}]",
          "a.b.z:nth-child=\"0\"nth-of-type=\"0\"" },
        { "[{\"tag_name\":\"a\",\"$el_text\":\"say \\\"hi\\\", \\\\\\\"ho\\\\\\\"\"}]",
          "a:nth-child=\"0\"nth-of-type=\"0\"text=\"say \\\"hi\\\", \\\"ho\\\"\"" },
    };
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct err e = ERR_INIT;
        struct arena *a = arena_new();
        struct json *list;
        assert_int_equal(json_parse(a, str_of(rows[i].list), &list, &e), 0);
        assert_string_equal(elements_chain(a, list).p, rows[i].chain);
        arena_free(a);
    }
}

static void long_texts_are_cut(void **state)
{
    (void)state;
    struct arena *a = arena_new();
    struct json *list = json_new(a, JSON_ARRAY), *el = json_new(a, JSON_OBJECT);
    char text[1001];
    memset(text, 'x', 1000);
    text[1000] = '\0';
    json_set(el, STR("$el_text"), json_new_str(a, str_of(text)));
    list->head = el;
    str chain = elements_chain(a, list);
    assert_int_equal(chain.n, strlen(":nth-child=\"0\"nth-of-type=\"0\"text=\"\"") + 400);
    arena_free(a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(chains),
        cmocka_unit_test(long_texts_are_cut),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
