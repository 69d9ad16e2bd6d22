/* hogql_words.c - fuzzes the query language with words instead of letters: each byte of the input is a
 * keyword, a symbol, a name or a literal, so that most inputs come further than the lexer. What parses
 * is compiled, too; builds with checks parse each printed tree again. FUZZ_SHOW=1 prints the texts: what
 * is found goes to the corpus of hogql, as text. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/buf.h"
#include "hogql_check.h"

#define WORDS_MAX 400 /* of one input; longer ones say nothing new */

static const char *const words[] = {
#define KW(name, alias) #name,
#include "hogql/keywords.def"
#undef KW
    "(", "(", "(", ")", ")", ")", "[", "]", "[", "]", "{", "}", ",", ",", ",", ".", ".", "?.", "::",
    ":=", "->", "->", "??", "||", "=", "!=", "<", ">", "<=", "<=>", "=~", "!~", "+", "-", "-", "*",
    "*", "*", "/", "%", ":", "?", ";", "#1", "a", "a", "b", "c", "events", "event", "timestamp",
    "person", "properties", "team_id", "person_id", "count", "if", "f", "arrayMap", "true", "false",
    "nan", "rows", "0", "1", "1", "2", "3", "1.5", ".1", ".2", "1e400", "9223372036854775807",
    "9223372036854775808", "'a'", "'b'", "''", "'a.b'", "'it''s'", "`a b`", "`select`", "f'", "'",
    "<a", "/>", "<a/>", "UNION ALL", "GROUP BY", "ORDER BY", "OVER (", "ROWS BETWEEN",
    "IS NOT NULL", "IS DISTINCT FROM", "WITHIN GROUP (", "FILTER (WHERE", "LIMIT 1", "CASE WHEN",
    "INTERVAL 1 DAY", "CAST(", "COLUMNS(", "ARRAY JOIN", "LEFT JOIN", "EXCLUDE (", "REPLACE (",
    "GROUPING SETS (", "WITH FILL", "UNPIVOT (",
};

_Static_assert(ARRAY_LEN(words) <= 256, "a byte picks any word");

/* A zero byte joins its neighbours. */
static str text_of(struct arena *a, const uint8_t *data, size_t n)
{
    char *out = arena_alloc(a, n * 24 + 1);
    size_t at = 0;
    for (size_t i = 0; i < n; i++) {
        if (!data[i])
            continue;
        if (i && data[i - 1])
            out[at++] = ' ';
        const char *word = words[data[i] % ARRAY_LEN(words)];
        for (size_t k = 0; word[k]; k++)
            out[at++] = word[k];
    }
    return (str){ out, at };
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    struct arena *a = arena_new();
    str text = text_of(a, data, n < WORDS_MAX ? n : WORDS_MAX);
    if (getenv("FUZZ_SHOW"))
        fprintf(stderr, "text: " STR_FMT "\n", STR_ARG(text));
    check_hogql(a, text, STR("UTC"));
    arena_free(a);
    return 0;
}
