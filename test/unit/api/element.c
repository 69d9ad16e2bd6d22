/* tests api/element.c: chains of elements as browsers send them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "api/element.h"

static void same(const char *chain, const char *want)
{
    struct arena *a = arena_new();
    struct buf b = BUF_INIT(1 << 20);
    struct json_writer w = JSON_WRITER(&b);
    write_elements(&w, a, str_of(chain));
    buf_char(&b, '\0');
    assert_string_equal(b.p, want);
    buf_release(&b);
    arena_free(a);
}

static void reads_chains(void **state)
{
    (void)state;
    same("", "[]");
    same("a.big.red:attr__data-x=\"1\"href=\"/p?a=b;c\"nth-child=\"2\"nth-of-type=\"x\"text=\"say "
         "\\\"hi\\\"; C:\\new\";div:attr_id=\"main\"",
         "[{\"text\":\"say \\\"hi\\\"; C:\\\\new\",\"tag_name\":\"a\",\"attr_class\":[\"big\",\"red\"],"
         "\"href\":\"/p?a=b;c\",\"attr_id\":null,\"nth_child\":2,\"nth_of_type\":null,"
         "\"attributes\":{\"attr__data-x\":\"1\"},\"order\":0},"
         "{\"text\":null,\"tag_name\":\"div\",\"attr_class\":null,\"href\":null,"
         "\"attr_id\":\"main\",\"nth_child\":null,\"nth_of_type\":null,\"attributes\":{},"
         "\"order\":1}]");
}

/* Never past the end of the text, whatever it is. */
static void survives_rubbish(void **state)
{
    static const char *const texts[] = { ";", ";;", "\"", "a:", "a:x", "a:x=", "a:x=\"", "a:x=\"\\",
                                         ":=\"\"", "...", "a.:b=\"c\"d", "\\\"" };
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
        struct arena *a = arena_new();
        struct buf b = BUF_INIT(1 << 20);
        struct json_writer w = JSON_WRITER(&b);
        struct json *v;
        struct err e = ERR_INIT;
        str copy = arena_str(a, str_of(texts[i]));
        write_elements(&w, a, copy);
        assert_int_equal(json_parse(a, buf_view(&b), &v, &e), 0);
        buf_release(&b);
        arena_free(a);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(reads_chains),
                                        cmocka_unit_test(survives_rubbish) };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
