/* words.c - see words.h. Letters and digits make words, in any script; what stands between only tells
 * where one ends, but for signs that say something: > < = , & and arrows. */
#include "assistant/words.h"

#include "base/buf.h"
#include "base/fold.h"
#include "base/limits.h"

#define NEAR_BYTES 64

static bool is_word_byte(unsigned char c)
{
    return c >= 0x80 || (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

/* Typographic signs that stand for plain ones, by their bytes. */
static const struct sign {
    const char *bytes, *plain;
} signs[] = {
    { "\xe2\x80\x98", "'" },  { "\xe2\x80\x99", "'" },  { "\xe2\x80\x9c", "\"" },
    { "\xe2\x80\x9d", "\"" }, { "\xe2\x80\x9e", "\"" }, { "\xe2\x86\x92", "->" },
    { "\xe2\x89\xa5", ">=" }, { "\xe2\x89\xa4", "<=" }, { "\xe2\x89\xa0", "!=" },
    { "\xe2\x80\x93", "-" },  { "\xe2\x80\x94", " - " }, { "\xe2\x82\xac", "$" },
    { "\xc2\xa3", "$" },      { "\xc2\xa0", " " },      { "\xe2\x80\xa6", " " },
};

/* The sign's length at s, 0 for none. */
static size_t plain_sign(str s, const char **plain)
{
    for (size_t i = 0; i < ARRAY_LEN(signs); i++)
        if (str_starts(s, str_of(signs[i].bytes))) {
            *plain = signs[i].plain;
            return strlen(signs[i].bytes);
        }
    return 0;
}

static str plain_text(struct arena *a, str s)
{
    struct buf b = BUF_INIT(LIMIT_QUESTION * 8);
    const char *plain;
    for (size_t i = 0; i < s.n;) {
        size_t n = plain_sign(str_slice(s, i, s.n), &plain);
        if (n)
            buf_z(&b, plain);
        else
            buf_char(&b, s.p[i]);
        i += n ? n : 1;
    }
    str out = arena_str(a, buf_view(&b));
    buf_release(&b);
    return out;
}

/* -------------------------------------------------------------------------- one word */

static struct word *add(struct words *w, size_t at, size_t end)
{
    if (w->n == LIMIT_QUESTION_WORDS) {
        w->too_long = true;
        return NULL;
    }
    struct word *d = &w->list[w->n++];
    *d = (struct word){ .raw = str_slice(w->question, at, end), .at = at, .end = end };
    d->text = fold_lower(w->arena, d->raw);
    d->glued = w->n > 1 && d[-1].end == at;
    return d;
}

/* Digits with thousands set apart and a fraction: how long, 0 for none. */
static size_t number_length(str s, double *out)
{
    char digits[32];
    size_t n = 0, i = 0;
    bool fraction = false;
    while (i < s.n && n < sizeof(digits) - 1) {
        bool apart = s.p[i] == ',' && i + 3 < s.n && is_digit(s.p[i + 1]) && is_digit(s.p[i + 2]) &&
                     is_digit(s.p[i + 3]) && (i + 4 >= s.n || !is_digit(s.p[i + 4]));
        bool point = s.p[i] == '.' && !fraction && i + 1 < s.n && is_digit(s.p[i + 1]);
        if (!is_digit(s.p[i]) && !(i && (apart || point)))
            break;
        fraction |= point;
        if (s.p[i] != ',')
            digits[n++] = s.p[i];
        i++;
    }
    return n && str_to_f64((str){ digits, n }, out) ? i : 0;
}

static size_t read_number(struct words *w, size_t at)
{
    static const char *const ordinals[] = { "st", "nd", "rd", "th" };
    double value;
    str rest = str_slice(w->question, at, w->question.n);
    size_t n = number_length(rest, &value);
    if (!n)
        return 0;
    struct word *d = add(w, at, at + n);
    if (!d)
        return n;
    d->number = true;
    d->value = value;
    d->money = at && w->question.p[at - 1] == '$';
    rest = str_slice(rest, n, rest.n);
    d->percent = rest.n && rest.p[0] == '%';
    for (size_t i = 0; i < ARRAY_LEN(ordinals); i++)
        if (rest.n >= 2 && str_eq_nocase(str_slice(rest, 0, 2), str_of(ordinals[i])) &&
            (rest.n == 2 || !is_word_byte((unsigned char)rest.p[2]))) {
            d->ordinal = true;
            n += 2;
        }
    bool thousands = rest.n && (rest.p[0] == 'k' || rest.p[0] == 'K') &&
                     (rest.n == 1 || !is_word_byte((unsigned char)rest.p[1]));
    if (thousands) {
        d->value *= 1000;
        n++;
    }
    d->end = at + n;
    return n;
}

/* What a mark of possession or a short form leaves off. */
static void cut_apostrophe(struct words *w, struct word *d, str text)
{
    static const char *const short_forms[] = { "s", "d", "ll", "ve", "re", "m" };
    ptrdiff_t at = str_find_char(text, '\'');
    str after = str_slice(text, (size_t)at + 1, text.n);
    d->text = str_slice(text, 0, (size_t)at);
    for (size_t i = 0; i < ARRAY_LEN(short_forms); i++)
        if (str_eqz(after, short_forms[i]))
            return;
    d->text = arena_printf(w->arena, STR_FMT STR_FMT, STR_ARG(d->text), STR_ARG(after));
}

static size_t read_letters(struct words *w, size_t at)
{
    str q = w->question;
    size_t end = at;
    bool cut = false;
    while (end < q.n && (is_word_byte((unsigned char)q.p[end]) ||
                         (q.p[end] == '\'' && end > at && end + 1 < q.n &&
                          is_word_byte((unsigned char)q.p[end + 1])))) {
        cut |= q.p[end] == '\'';
        end++;
    }
    struct word *d = add(w, at, end);
    if (d && cut)
        cut_apostrophe(w, d, d->text);
    if (d)
        /* The slash of "dau/mau" is none of a path. */
        d->path = at && q.p[at - 1] == '/' && (at < 2 || !is_word_byte((unsigned char)q.p[at - 2]));
    return end - at;
}

/* The whole between two quotes. 0: no closing one, or it is an apostrophe. */
static size_t read_quoted(struct words *w, size_t at)
{
    char quote = w->question.p[at];
    str rest = str_slice(w->question, at + 1, w->question.n);
    ptrdiff_t end = str_find_char(rest, quote);
    bool inside = at && is_word_byte((unsigned char)w->question.p[at - 1]);
    if (end <= 0 || inside)
        return 0;
    struct word *d = add(w, at + 1, at + 1 + (size_t)end);
    if (d)
        d->quoted = true;
    return (size_t)end + 2;
}

static size_t read_sign(struct words *w, size_t at)
{
    static const char *const two[] = { "->", ">=", "<=", "!=", "<>", "==" };
    str rest = str_slice(w->question, at, w->question.n);
    size_t n = 1;
    for (size_t i = 0; i < ARRAY_LEN(two); i++)
        if (str_starts(rest, str_of(two[i])))
            n = 2;
    if (n == 2 || strchr("<>=&,%", rest.p[0]))
        add(w, at, at + n);
    return n;
}

void words_read(struct words *w, struct arena *a, const struct lexicon *x, str question)
{
    *w = (struct words){ .lexicon = x, .arena = a, .question = plain_text(a, question) };
    w->list = arena_alloc(a, LIMIT_QUESTION_WORDS * sizeof(*w->list));
    for (size_t at = 0; at < w->question.n && !w->too_long;) {
        char c = w->question.p[at];
        size_t n = 0;
        if (c == '"' || c == '\'' || c == '`')
            n = read_quoted(w, at);
        else if (is_digit(c))
            n = read_number(w, at);
        else if (is_word_byte((unsigned char)c))
            n = read_letters(w, at);
        else if (c && strchr("-<>=!&,%", c))
            n = read_sign(w, at);
        at += n ? n : 1;
    }
    for (size_t i = 0; i < w->n; i++)
        w->list[i].stem = lexicon_stem(a, w->list[i].text);
}

/* -------------------------------------------------------------------------- roles */

static size_t fits(const struct words *w, size_t i, const struct lexeme *l)
{
    if (i + l->n > w->n)
        return 0;
    for (size_t k = 0; k < l->n; k++) {
        const struct word *d = &w->list[i + k];
        if (d->quoted || d->used || !str_eq(d->text, l->words[k]))
            return 0;
    }
    return l->n;
}

size_t words_role(const struct words *w, size_t i, enum role role, int *value)
{
    size_t best = 0;
    if (i >= w->n || w->list[i].quoted)
        return 0;
    for (const struct lexeme *l = map_get(&w->lexicon->roles, w->list[i].text); l; l = l->next) {
        size_t n = l->role == role && l->n > best ? fits(w, i, l) : 0;
        if (n > best) {
            best = n;
            if (value)
                *value = l->value;
        }
    }
    return best;
}

bool words_inside(const struct words *w, size_t i)
{
    for (size_t back = 1; back < LEXEME_WORDS && back <= i; back++)
        for (const struct lexeme *l = map_get(&w->lexicon->roles, w->list[i - back].text); l; l = l->next)
            if (l->n > back && !w->list[i - back].quoted && fits(w, i - back, l))
                return true;
    return false;
}

bool words_known(const struct words *w, size_t i)
{
    if (w->list[i].quoted)
        return false;
    for (const struct lexeme *l = map_get(&w->lexicon->roles, w->list[i].text); l; l = l->next)
        if (fits(w, i, l))
            return true;
    return false;
}

bool words_number(const struct words *w, size_t i, double *out)
{
    int value;
    if (i >= w->n || w->list[i].used)
        return false;
    if (w->list[i].number) {
        *out = w->list[i].value;
        return true;
    }
    if (words_role(w, i, ROLE_NUMBER, &value) != 1)
        return false;
    *out = value;
    return true;
}

void words_use(struct words *w, size_t i, size_t n)
{
    for (size_t k = i; k < i + n && k < w->n; k++)
        w->list[k].used = true;
}

size_t words_next(const struct words *w, size_t i)
{
    while (i < w->n && w->list[i].used)
        i++;
    return i;
}

str words_text(const struct words *w, size_t i, size_t j)
{
    bool mended = false;
    struct buf b = BUF_INIT(LIMIT_QUESTION);
    if (i >= j || j > w->n)
        return STR("");
    for (size_t k = i; k < j; k++) {
        mended |= w->list[k].mended;
        buf_printf(&b, "%s" STR_FMT, k > i ? " " : "", STR_ARG(w->list[k].text));
    }
    str out = mended ? arena_str(w->arena, buf_view(&b))
                     : str_slice(w->question, w->list[i].at, w->list[j - 1].end);
    buf_release(&b);
    return out;
}

/* -------------------------------------------------------------------------- typing errors */

static int least(int a, int b)
{
    return a < b ? a : b;
}

int words_distance(str a, str b, int most)
{
    int rows[3][NEAR_BYTES + 1]; /* of the letters before, the one before, and this one */
    if (a.n > NEAR_BYTES || b.n > NEAR_BYTES || a.n > b.n + (size_t)most || b.n > a.n + (size_t)most)
        return most + 1;
    int *two = rows[0], *one = rows[1], *now = rows[2];
    for (size_t j = 0; j <= b.n; j++)
        one[j] = (int)j;
    for (size_t i = 1; i <= a.n; i++) {
        now[0] = (int)i;
        for (size_t j = 1; j <= b.n; j++) {
            bool same = a.p[i - 1] == b.p[j - 1];
            now[j] = least(least(one[j] + 1, now[j - 1] + 1), one[j - 1] + !same);
            if (i > 1 && j > 1 && a.p[i - 1] == b.p[j - 2] && a.p[i - 2] == b.p[j - 1])
                now[j] = least(now[j], two[j - 2] + 1);
        }
        int *free_row = two;
        two = one;
        one = now;
        now = free_row;
    }
    return one[b.n] <= most ? one[b.n] : most + 1;
}
