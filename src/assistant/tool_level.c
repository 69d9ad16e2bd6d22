/* tool_level.c - whether a query's rows are sums over many. When in doubt they are not: the user sees the
 * rows all the same, only the model does not.
 *
 * They are when every column is grouped by or sums up, by a function whose value is no row's own
 * (groupArray, any, argMax would hand rows through), and when nothing outside such a function names who
 * somebody is. */
#include "assistant/tool.h"
#include "hogql/hogql.h"

static bool one_of(str name, const char *const *names)
{
    for (size_t i = 0; names[i]; i++)
        if (str_eq_nocase(name, str_of(names[i])))
            return true;
    return false;
}

static bool sums_up(const struct hogql_node *n)
{
    static const char *const names[] = {
        "count", "countIf", "countDistinct", "countDistinctIf", "uniq", "uniqIf", "uniqExact",
        "uniqExactIf", "uniqHLL12", "uniqCombined", "sum", "sumIf", "avg", "avgIf", "median",
        "medianIf", "quantile", "quantileIf", "quantiles", "quantilesIf", "stddevPop",
        "stddevSamp", "varPop", "varSamp", "corr", NULL
    };
    return n->kind == HOGQL_CALL && !n->kids[CALL_WINDOW] && one_of(n->text, names);
}

/* Outside of what sums up: does it name who somebody is, or a whole row? */
static bool tells_one(const struct hogql_node *n)
{
    static const char *const names[] = {
        "person_id", "distinct_id", "uuid", "id", "pdi", "email", "$ip", "ip", "phone", "name",
        "properties", "person_properties", "person", "elements_chain", "session_id",
        "$session_id", "username", "user_id", "$user_id", "$device_id", "$anon_distinct_id", NULL
    };
    if (!n)
        return false;
    if (n->kind == HOGQL_STAR || n->kind == HOGQL_COLUMNS || n->kind == HOGQL_PLACEHOLDER)
        return true;
    if (n->kind == HOGQL_FIELD && n->names_n && one_of(n->names[n->names_n - 1], names))
        return true;
    for (uint32_t i = 0; !sums_up(n) && i < n->n; i++)
        if (tells_one(n->kids[i]))
            return true;
    return false;
}

static bool has_sum(const struct hogql_node *n)
{
    if (!n || n->kind == HOGQL_SELECT || n->kind == HOGQL_SET)
        return false;
    if (sums_up(n))
        return true;
    for (uint32_t i = 0; i < n->n; i++)
        if (has_sum(n->kids[i]))
            return true;
    return false;
}

/* An aggregate that is none of those above hands values of rows through. */
static bool hands_through(const struct hogql_node *n)
{
    if (!n || sums_up(n))
        return false;
    if (n->kind == HOGQL_CALL && hogql_aggregates(n)) {
        bool own = true; /* is it the call itself, not one inside? */
        for (uint32_t i = 0; i < n->n; i++)
            own = own && !hogql_aggregates(n->kids[i]);
        if (own)
            return true;
    }
    for (uint32_t i = 0; i < n->n; i++)
        if (hands_through(n->kids[i]))
            return true;
    return false;
}

bool tool_sums_up(const struct hogql_node *select)
{
    if (select->kind == HOGQL_SET) {
        for (uint32_t i = SET_FIRST; i < select->n; i++)
            if (!tool_sums_up(select->kids[i]))
                return false;
        return true;
    }
    if (select->kind != HOGQL_SELECT)
        return false;
    const struct hogql_node *columns = select->kids[SELECT_COLUMNS];
    const struct hogql_node *group = select->kids[SELECT_GROUP];
    return columns && (group || has_sum(columns)) && !tells_one(columns) && !tells_one(group) &&
           !hands_through(columns);
}
