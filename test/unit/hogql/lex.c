/* Tests hogql/lex.c: kinds and bounds of tokens, keywords, what is skipped, quoted texts. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "hogql/lex.h"

/* The tokens of text, each as its source, between bars. */
static void check(const char *text, const char *expected)
{
    char out[512] = "";
    size_t n = 0;
    struct err e = ERR_INIT;
    for (uint32_t pos = 0;;) {
        struct token t = lex_next(str_of(text), pos, &e);
        if (t.type == TOK_END || t.type == TOK_BAD)
            break;
        assert_true(t.end > t.start && t.start >= pos);
        memcpy(out + n, text + t.start, t.end - t.start);
        n += t.end - t.start;
        out[n++] = '|';
        pos = t.end;
    }
    out[n] = '\0';
    assert_string_equal(out, expected);
}

static void cuts_tokens(void **state)
{
    (void)state;
    check("SELECT a.b,c", "SELECT|a|.|b|,|c|");
    check("a<=>b<=c<>d!=e==f=g", "a|<=>|b|<=|c|<>|d|!=|e|==|f|=|g|");
    check("a=~*b!~*c=~d!~e~*f~g", "a|=~*|b|!~*|c|=~|d|!~|e|~*|f|~|g|");
    check("a?.b??c?d:e::f:=g->h||i", "a|?.|b|??|c|?|d|:|e|::|f|:=|g|->|h||||i|");
    check("1.5e-3 .5 1. 0x1F 0x1.8p3 0b101 1e3", "1.5e-3|.5|1.|0x1F|0x1.8p3|0b101|1e3|");
    check("a.1.2", "a|.1|.2|");
    check("'it''s' 'a\\'b' \"c\"\"d\" `e``f`", "'it''s'|'a\\'b'|\"c\"\"d\"|`e``f`|");
    check("$a _b c1 #3", "$a|_b|c1|#3|");
    check("f'x'", "f'|x|");
}

static void skips_blanks_and_comments(void **state)
{
    (void)state;
    check("a -- b\n c", "a|c|");
    check("a // b\n c", "a|c|");
    check("a # b\n c", "a|c|");
    check("a /* b\n */ c", "a|c|");
    check("a /* b", "a|/|*|b|");
    check("\xef\xbb\xbf" "a\xc2\xa0" "b\t\r\n\v\fc", "a|b|c|");
}

static void knows_keywords_in_any_case(void **state)
{
    struct err e = ERR_INIT;
    (void)state;
    for (int kw = KW_NONE + 1; kw <= KW_YEAR; kw++) {
        const char *name = lex_kw_name((enum kw)kw);
        char low[16];
        for (size_t i = 0; i <= strlen(name); i++)
            low[i] = (char)(name[i] >= 'A' && name[i] <= 'Z' ? name[i] | 32 : name[i]);
        assert_int_equal(lex_next(str_of(name), 0, &e).kw, kw);
        assert_int_equal(lex_next(str_of(low), 0, &e).kw, kw);
    }
    assert_int_equal(lex_next(STR("selects"), 0, &e).kw, KW_NONE);
    assert_int_equal(lex_next(STR("`select`"), 0, &e).kw, KW_NONE);
}

static void refuses_what_is_no_token(void **state)
{
    static const struct {
        const char *text, *message;
        int pos;
    } rows[] = {
        { "  &", "Unexpected character '&' (U+0026)", 2 },
        { "\xc3\xaf", "Unexpected character U+00EF", 0 },
        { "\xf0\x9f\x98\x80", "Unexpected character U+1F600", 0 },
        { "\x01", "Unexpected character U+0001", 0 },
        { "\xff", "Unexpected character U+00FF", 0 },
        { "'open", "Unexpected character ''' (U+0027)", 0 },
        { "1_000", "no viable alternative at input '1_000'", 0 },
    };
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct err e = ERR_INIT;
        assert_int_equal(lex_next(str_of(rows[i].text), 0, &e).type, TOK_BAD);
        assert_string_equal(e.message, rows[i].message);
        assert_int_equal(e.pos, rows[i].pos);
    }
}

static void resolves_quotes(void **state)
{
    static const struct {
        const char *quoted, *text;
    } rows[] = {
        { "'abc'", "abc" }, { "'it''s'", "it's" }, { "'a\\'b\\\\'", "a'b\\" },
        { "'\\b\\f\\r\\n\\t\\a\\v'", "\b\f\r\n\t\a\v" }, { "'a\\0b'", "ab" },
        { "'\\x41'", "\\x41" }, { "\"a\"\"b\"", "a\"b" }, { "`a``b`", "a`b" }, { "''", "" },
    };
    struct arena *a = arena_new();
    str out;
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        assert_true(lex_unquote(a, str_of(rows[i].quoted), &out));
        assert_string_equal(arena_z(a, out), rows[i].text);
    }
    assert_false(lex_unquote(a, STR("'\\q'"), &out));
    assert_false(lex_unquote(a, STR("'\\x4'"), &out));
    arena_free(a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(cuts_tokens), cmocka_unit_test(skips_blanks_and_comments),
        cmocka_unit_test(knows_keywords_in_any_case), cmocka_unit_test(refuses_what_is_no_token),
        cmocka_unit_test(resolves_quotes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
