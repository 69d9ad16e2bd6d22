/* print_lookup.c - functions that look a name up: languages, where visitors come from, what their user
 * agents are. The names are rows of lookups.def; the engine gets them as arrays. */
#include "hogql/print.h"

static const struct { const char *code, *name; } languages[] = {
#define LANGUAGE(code, name) { code, name },
#include "hogql/lookups.def"
};

static const struct { const char *name, *kind; } sites[] = {
#define SITE(name, kind) { name, kind },
#include "hogql/lookups.def"
};

static const struct { const char *name, *organic, *paid; } mediums[] = {
#define MEDIUM(name, organic, paid) { name, organic, paid },
#include "hogql/lookups.def"
};

static const struct { const char *text, *name, *operator, *category, *type; } bots[] = {
#define BOT(text, name, operator, category, type) { text, name, operator, category, type },
#include "hogql/lookups.def"
};

static void literal(struct sql *p, bool *first, const char *z)
{
    if (!*first)
        buf_z(&p->b, ", ");
    *first = false;
    sql_string(p, str_of(z));
}

/* -------------------------------------------------------------------------- languages */

static void language(struct sql *p, const struct hogql_node *x)
{
    bool first = true;
    buf_z(&p->b, "transform(lower(ifNull(toString(");
    sql_expr(p, x);
    buf_z(&p->b, "), '')), [");
    for (size_t i = 0; i < ARRAY_LEN(languages); i++)
        literal(p, &first, languages[i].code);
    buf_z(&p->b, "], [");
    first = true;
    for (size_t i = 0; i < ARRAY_LEN(languages); i++)
        literal(p, &first, languages[i].name);
    buf_z(&p->b, "], 'Unknown')");
}

/* -------------------------------------------------------------------------- channels */

/* Where x, a domain or a source, says a visitor came from: "Paid Search"; NULL when it is unknown. */
static void site(struct sql *p, sql_part_fn *x, const void *cls, const char *prefix)
{
    static const char *const before[] = { "transform(lower(", "transform(lower(domain(concat('//', ",
                                          "transform(lower(firstSignificantSubdomain(concat('//', " };
    static const char *const behind[] = { ")", ")))", ")))" };
    buf_z(&p->b, "coalesce(");
    for (size_t form = 0; form < ARRAY_LEN(before); form++) {
        bool first = true;
        buf_z(&p->b, before[form]);
        x(p, cls);
        buf_printf(&p->b, "%s, [", behind[form]);
        for (size_t i = 0; i < ARRAY_LEN(sites); i++)
            literal(p, &first, sites[i].name);
        buf_z(&p->b, "], [");
        for (size_t i = 0; i < ARRAY_LEN(sites); i++)
            buf_printf(&p->b, "%s'%s%s'", i ? ", " : "", prefix, sites[i].kind);
        buf_z(&p->b, "], NULL)");
        buf_z(&p->b, form + 1 < ARRAY_LEN(before) ? ", " : ")");
    }
}

/* The channel that a utm_medium says, or NULL. */
static void medium(struct sql *p, sql_part_fn *x, const void *cls, bool paid)
{
    bool first = true;
    buf_z(&p->b, "transform(lower(");
    x(p, cls);
    buf_z(&p->b, "), [");
    for (size_t i = 0; i < ARRAY_LEN(mediums); i++)
        if (paid ? mediums[i].paid : mediums[i].organic)
            literal(p, &first, mediums[i].name);
    buf_z(&p->b, "], [");
    first = true;
    for (size_t i = 0; i < ARRAY_LEN(mediums); i++)
        if (paid ? mediums[i].paid : mediums[i].organic)
            literal(p, &first, paid ? mediums[i].paid : mediums[i].organic);
    buf_z(&p->b, "], NULL)");
}

static void text_of(struct sql *p, const void *cls)
{
    buf_z(&p->b, "ifNull(toString(");
    sql_expr(p, cls);
    buf_z(&p->b, "), '')");
}

/* A column of the sessions. */
struct entry {
    const char *alias, *name;
};

static void entry(struct sql *p, const void *cls)
{
    const struct entry *e = cls;
    buf_printf(&p->b, "%s.entry_%s", e->alias, e->name);
}

/* The first rule that fits: paid traffic by source, campaign, medium, referrer; then nothing known at
 * all; then the same for what was not paid. */
void sql_channel(struct sql *p, const char *alias)
{
    static const char shopping[] = "match(lower(@.entry_utm_campaign), "
                                   "'^(.*(([^a-df-z]|^)shop|shopping).*)$')";
    const struct entry source = { alias, "utm_source" }, kind = { alias, "utm_medium" },
                       domain = { alias, "referring_domain" };
    sql_template(p, "multiIf(equals(lower(@.entry_utm_campaign), 'cross-network'), 'Cross Network', "
               "or(match(lower(@.entry_utm_medium), '^(cpc|cpm|cpv|cpa|ppc|retargeting)$|^paid'), "
               "notEmpty(@.entry_gclid), notEmpty(@.entry_gad_source)), coalesce(", alias);
    site(p, entry, &source, "Paid ");
    sql_template(p, ", if(", alias);
    sql_template(p, shopping, alias);
    sql_template(p, ", 'Paid Shopping', NULL), ", alias);
    medium(p, entry, &kind, true);
    buf_z(&p->b, ", ");
    site(p, entry, &domain, "Paid ");
    sql_template(p, ", if(equals(@.entry_gad_source, '1'), 'Paid Search', 'Paid Unknown')), "
               "and(in(@.entry_referring_domain, ('$direct', '')), empty(@.entry_utm_medium), "
               "in(lower(@.entry_utm_source), ('', '(direct)', 'direct'))), 'Direct', coalesce(", alias);
    site(p, entry, &source, "Organic ");
    sql_template(p, ", if(", alias);
    sql_template(p, shopping, alias);
    sql_template(p, ", 'Organic Shopping', NULL), ", alias);
    medium(p, entry, &kind, false);
    buf_z(&p->b, ", ");
    site(p, entry, &domain, "Organic ");
    sql_template(p, ", multiIf(endsWith(lower(@.entry_utm_medium), 'push'), 'Push', "
               "notIn(@.entry_referring_domain, ('$direct', '')), 'Referral', 'Unknown')))", alias);
}

/* -------------------------------------------------------------------------- user agents */

/* The place of the first row that fits, 0 for none. */
static void bot_place(struct sql *p, const struct hogql_node *x)
{
    bool first = true;
    buf_z(&p->b, "multiSearchFirstIndexCaseInsensitive(");
    text_of(p, x);
    buf_z(&p->b, ", [");
    for (size_t i = 0; i < ARRAY_LEN(bots); i++)
        literal(p, &first, bots[i].text);
    buf_z(&p->b, "])");
}

static void bot(struct sql *p, const struct hogql_node *x, str what)
{
    bool name = str_eqz(what, "name"), operator = str_eqz(what, "operator");
    bool type = str_eqz(what, "type"), category = str_eqz(what, "category");
    bool first = true;
    buf_z(&p->b, "if(empty(");
    text_of(p, x);
    buf_z(&p->b, "), ");
    sql_string(p, type ? STR("Automation") : name || operator ? STR("") : STR("no_user_agent"));
    buf_z(&p->b, ", [");
    literal(p, &first, type ? "Regular" : category ? "regular" : "");
    for (size_t i = 0; i < ARRAY_LEN(bots); i++)
        literal(p, &first, name ? bots[i].name : operator ? bots[i].operator
                           : type ? bots[i].type : bots[i].category);
    buf_z(&p->b, "][plus(");
    bot_place(p, x);
    buf_z(&p->b, ", 1)])");
}

static void is_bot(struct sql *p, const struct hogql_node *x)
{
    buf_z(&p->b, "toBool(empty(");
    text_of(p, x);
    buf_z(&p->b, ") OR ");
    bot_place(p, x);
    buf_z(&p->b, " > 0)");
}

void sql_lookup(struct sql *p, const struct hogql_node *x, const char *target)
{
    str what = str_of(target), table = str_split(&what, ' ');
    if (str_eqz(table, "language"))
        language(p, x);
    else if (str_eqz(table, "site"))
        site(p, text_of, x, str_eqz(what, "paid") ? "Paid " : str_eqz(what, "organic")
                                                                        ? "Organic " : "");
    else if (str_eqz(table, "medium"))
        medium(p, text_of, x, str_eqz(what, "paid"));
    else if (str_eqz(what, "any"))
        is_bot(p, x);
    else
        bot(p, x, what);
}
