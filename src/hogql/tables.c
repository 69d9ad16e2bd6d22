/* tables.c - see tables.h. */
#include "hogql/tables.h"

#define COL(name, type) { name, FIELD_COLUMN, TYPE_##type, "@." name }
#define EXPR(name, type, sql) { name, FIELD_COLUMN, TYPE_##type, sql }
#define HIDDEN(name, type, sql) { name, FIELD_COLUMN, TYPE_##type, sql, .hidden = true }
#define JSON(name, sql, json) { name, FIELD_PROPERTIES, TYPE_JSON, sql, json }
#define LAZY(name, which) { name, FIELD_LAZY, TYPE_UNKNOWN, NULL, NULL, LAZY_##which, .hidden = true }
#define GROUP_KEY(n) { "$group_" n, FIELD_COLUMN, TYPE_STRING, "@.`$group_" n "`" }
#define ELEMENT(attr) "'(?::|\")" attr "=\"(.*?)\"'"

static const struct table_field events[] = {
    COL("uuid", UUID),
    COL("event", STRING),
    JSON("properties", "@.properties", "@.props"),
    COL("timestamp", DATETIME),
    COL("team_id", INT),
    COL("distinct_id", STRING),
    COL("elements_chain", STRING),
    COL("created_at", DATETIME),
    EXPR("$session_id", STRING, "@.`$session_id`"),
    EXPR("$window_id", STRING, "@.`$window_id`"),
    EXPR("person_mode", STRING, "toString(@.person_mode)"),
    GROUP_KEY("0"), GROUP_KEY("1"), GROUP_KEY("2"), GROUP_KEY("3"), GROUP_KEY("4"),
    { "$session_id_uuid", FIELD_COLUMN, TYPE_UUID, "toUUIDOrNull(@.`$session_id`)",
      .hidden = true, .nullable = true },
    HIDDEN("elements_chain_href", STRING, "extract(@.elements_chain, " ELEMENT("href") ")"),
    HIDDEN("elements_chain_texts", ARRAY,
           "arrayDistinct(extractAll(@.elements_chain, " ELEMENT("text") "))"),
    HIDDEN("elements_chain_ids", ARRAY,
           "arrayDistinct(extractAll(@.elements_chain, " ELEMENT("attr_id") "))"),
    HIDDEN("elements_chain_elements", ARRAY,
           "arrayDistinct(extractAll(@.elements_chain, "
           "'(?:^|;)(a|button|form|input|select|textarea|label)(?:\\\\.|$|:)'))"),
    HIDDEN("inserted_at", DATETIME, "@.inserted_at"),
    HIDDEN("event_person_id", UUID, "@.person_id"),
    { "person_id", FIELD_PERSON_ID, TYPE_UUID, "@.person_id", .hidden = true },
    { "person", FIELD_PERSON, TYPE_UNKNOWN, NULL, NULL, LAZY_PERSON, .hidden = true },
    { "poe", FIELD_POE, TYPE_UNKNOWN, NULL, .hidden = true },
    LAZY("pdi", PDI),
    LAZY("override", OVERRIDE),
    LAZY("group_0", GROUP_0), LAZY("group_1", GROUP_1), LAZY("group_2", GROUP_2),
    LAZY("group_3", GROUP_3), LAZY("group_4", GROUP_4),
    LAZY("session", SESSION),
};

static const struct table_field poe[] = {
    { "id", FIELD_PERSON_ID, TYPE_UUID, "@.person_id" },
    EXPR("created_at", DATETIME, "@.person_created_at"),
    JSON("properties", "@.person_properties", "@.person_props"),
};

static const struct table_field persons[] = {
    COL("id", UUID),
    COL("created_at", DATETIME),
    COL("team_id", INT),
    JSON("properties", "@.properties", "@.props"),
    EXPR("is_identified", BOOL, "toBool(@.is_identified)"),
    LAZY("pdi", PDI),
};

static const struct table_field raw_persons[] = {
    COL("id", UUID),
    COL("created_at", DATETIME),
    COL("team_id", INT),
    JSON("properties", "@.properties", "@.props"),
    EXPR("is_identified", BOOL, "toBool(@.is_identified)"),
    EXPR("is_deleted", BOOL, "toBool(@.is_deleted)"),
    COL("version", INT),
};

static const struct table_field distinct_ids[] = {
    COL("team_id", INT),
    COL("distinct_id", STRING),
    COL("person_id", UUID),
    LAZY("person", PERSON),
};

static const struct table_field raw_distinct_ids[] = {
    COL("team_id", INT),
    COL("distinct_id", STRING),
    COL("person_id", UUID),
    EXPR("is_deleted", BOOL, "toBool(@.is_deleted)"),
    COL("version", INT),
};

static const struct table_field groups[] = {
    EXPR("index", INT, "@.`index`"),
    COL("team_id", INT),
    COL("key", STRING),
    COL("created_at", DATETIME),
    COL("updated_at", DATETIME),
    JSON("properties", "@.properties", "@.props"),
};

static const struct table_field cohort_people[] = {
    COL("person_id", UUID),
    COL("cohort_id", INT),
    COL("team_id", INT),
    LAZY("person", PERSON),
};

static const struct table_field raw_cohort_people[] = {
    COL("person_id", UUID),
    COL("cohort_id", INT),
    COL("team_id", INT),
    EXPR("sign", INT, "1"), /* rows are never taken back: a version is written once */
    COL("version", INT),
    LAZY("person", PERSON),
};

static const struct table_field numbers[] = {
    COL("number", INT),
};

/* -------------------------------------------------------------------------- sessions */

/* The value of an expression at the first event of the session that has one, in time; at the last. */
#define FIRST_OF(what) "argMinIf(" what ", timestamp, " what " != '')"
#define LAST_OF(what) "argMaxIf(" what ", timestamp, " what " != '')"
#define PROP(key) "ifNull(props.`" key "`.:String, '')"
#define URL PROP("$current_url")
#define LCP "toFloat64OrNull(props.`$web_vitals_LCP_value`.:String)"

/* What a session began with: a field each, named $entry_ and the property without a "$". */
#define ENTRIES(X, and) \
    X("referring_domain", "$referring_domain") and X("referrer", "$referrer") and \
    X("utm_source", "utm_source") and X("utm_campaign", "utm_campaign") and \
    X("utm_medium", "utm_medium") and X("utm_term", "utm_term") and \
    X("utm_content", "utm_content") and X("gclid", "gclid") and X("gad_source", "gad_source") and \
    X("gclsrc", "gclsrc") and X("dclid", "dclid") and X("gbraid", "gbraid") and \
    X("wbraid", "wbraid") and X("fbclid", "fbclid") and X("msclkid", "msclkid") and \
    X("twclid", "twclid") and X("li_fat_id", "li_fat_id") and X("mc_cid", "mc_cid") and \
    X("igshid", "igshid") and X("ttclid", "ttclid") and X("_kx", "_kx") and X("irclid", "irclid")
#define ENTRY_FIELD(name, key) EXPR("$entry_" name, STRING, "@.entry_" name)
#define ENTRY_SQL(name, key) FIRST_OF(PROP(key)) " AS entry_" name ", "
#define COMMA ,

static const struct table_field sessions[] = {
    COL("id", STRING),
    COL("session_id", STRING),
    { "session_id_v7", FIELD_COLUMN, TYPE_UUID, "toUUIDOrNull(@.session_id)", .nullable = true },
    COL("team_id", INT),
    COL("distinct_id", STRING),
    EXPR("$start_timestamp", DATETIME, "@.start"),
    EXPR("$end_timestamp", DATETIME, "@.end"),
    EXPR("max_inserted_at", DATETIME, "@.inserted"),
    EXPR("$urls", ARRAY, "arraySort(@.urls)"),
    EXPR("$num_uniq_urls", INT, "length(@.urls)"),
    EXPR("$entry_current_url", STRING, "@.entry_url"),
    EXPR("$entry_pathname", STRING, "path(@.entry_url)"),
    EXPR("$entry_hostname", STRING, "domain(@.entry_url)"),
    EXPR("$end_current_url", STRING, "@.end_url"),
    EXPR("$end_pathname", STRING, "path(@.end_url)"),
    EXPR("$end_hostname", STRING, "domain(@.end_url)"),
    HIDDEN("$exit_current_url", STRING, "@.end_url"),
    HIDDEN("$exit_pathname", STRING, "path(@.end_url)"),
    ENTRIES(ENTRY_FIELD, COMMA),
    EXPR("$pageview_count", INT, "@.pageviews"),
    EXPR("$autocapture_count", INT, "@.autocaptures"),
    EXPR("$screen_count", INT, "@.screens"),
    { "$channel_type", FIELD_CHANNEL, TYPE_STRING, NULL },
    EXPR("$session_duration", INT, "dateDiff('second', @.start, @.end)"),
    HIDDEN("duration", INT, "dateDiff('second', @.start, @.end)"),
    EXPR("$is_bounce", BOOL,
         "toBool(@.pageviews + @.screens <= 1 AND @.autocaptures = 0"
         " AND dateDiff('second', @.start, @.end) < 10)"),
    EXPR("$last_external_click_url", STRING, "@.last_external_click_url"),
    EXPR("$page_screen_autocapture_count_up_to", INT,
         "least(@.pageviews + @.screens + @.autocaptures, 2)"),
    { "$vitals_lcp", FIELD_COLUMN, TYPE_FLOAT, "@.vitals_lcp", .nullable = true },
};

static const char sessions_sql[] =
    "SELECT team_id, `$session_id` AS session_id, session_id AS id,"
    " argMax(events.distinct_id, timestamp) AS distinct_id,"
    " min(timestamp) AS start, max(timestamp) AS end, max(inserted_at) AS inserted,"
    " groupUniqArrayIf(" URL ", " URL " != '') AS urls,"
    " " FIRST_OF(URL) " AS entry_url,"
    " " LAST_OF(URL) " AS end_url,"
    " " ENTRIES(ENTRY_SQL, )
    LAST_OF(PROP("$external_click_url")) " AS last_external_click_url,"
    " argMinIf(" LCP ", timestamp, isNotNull(" LCP ")) AS vitals_lcp,"
    " countIf(event = '$pageview') AS pageviews,"
    " countIf(event = '$autocapture') AS autocaptures,"
    " countIf(event = '$screen') AS screens"
    " FROM events WHERE @ AND `$session_id` != '' GROUP BY team_id, `$session_id`";

/* -------------------------------------------------------------------------- all */

#define FIELDS(list) .fields = list, .fields_n = ARRAY_LEN(list)

static const struct table tables[] = {
    { "events", "events", FIELDS(events), .owner = HOGQL_OF_EVENT, .replacing = true },
    { "persons", "persons", .where = "@.is_deleted = 0 AND @.created_at < now() + toIntervalDay(1)",
      .final = true, .owner = HOGQL_OF_PERSON, FIELDS(persons) },
    { "raw_persons", "persons", .raw = true, .owner = HOGQL_OF_PERSON, FIELDS(raw_persons) },
    { "person_distinct_ids", "person_distinct_ids", .where = "@.is_deleted = 0", .final = true,
      FIELDS(distinct_ids) },
    { "raw_person_distinct_ids", "person_distinct_ids", .raw = true, FIELDS(raw_distinct_ids) },
    { "person_distinct_id_overrides", "person_overrides", .where = "@.is_deleted = 0",
      .final = true, FIELDS(distinct_ids) },
    { "raw_person_distinct_id_overrides", "person_overrides", .raw = true,
      FIELDS(raw_distinct_ids) },
    { "groups", "groups", .final = true, .owner = HOGQL_OF_GROUP, FIELDS(groups) },
    { "raw_groups", "groups", .raw = true, .owner = HOGQL_OF_GROUP, FIELDS(groups) },
    { "sessions", "events", .derived = sessions_sql, FIELDS(sessions) },
    { "raw_sessions", "events", .derived = sessions_sql, .raw = true, FIELDS(sessions) },
    { "raw_sessions_v3", "events", .derived = sessions_sql, .raw = true, FIELDS(sessions) },
    { "cohort_people", "cohort_people", FIELDS(cohort_people),
      .where = "(@.team_id, @.cohort_id, @.version) IN (SELECT team_id, cohort_id, version"
               " FROM cohort_versions FINAL)" },
    { "raw_cohort_people", "cohort_people", .raw = true, FIELDS(raw_cohort_people) },
    { "static_cohort_people", "static_cohort_people", .where = "@.is_deleted = 0", .final = true,
      FIELDS(cohort_people) },
    { "numbers", NULL, FIELDS(numbers) },
};

static const struct table poe_table = { "poe", NULL, .owner = HOGQL_OF_PERSON, FIELDS(poe) };

static const struct lazy_join joins[] = {
    { "events", LAZY_OVERRIDE, "person_distinct_id_overrides", "distinct_id", "distinct_id" },
    { "events", LAZY_PERSON, "persons", "person_id", "id" },
    { "events", LAZY_PDI, "person_distinct_ids", "distinct_id", "distinct_id" },
    { "events", LAZY_SESSION, "sessions", "$session_id", "session_id" },
    { "events", LAZY_GROUP_0, "groups", "$group_0", "key" },
    { "events", LAZY_GROUP_1, "groups", "$group_1", "key" },
    { "events", LAZY_GROUP_2, "groups", "$group_2", "key" },
    { "events", LAZY_GROUP_3, "groups", "$group_3", "key" },
    { "events", LAZY_GROUP_4, "groups", "$group_4", "key" },
    { "persons", LAZY_PDI, "person_distinct_ids", "id", "person_id" },
    { "person_distinct_ids", LAZY_PERSON, "persons", "person_id", "id" },
    { "cohort_people", LAZY_PERSON, "persons", "person_id", "id" },
    { "raw_cohort_people", LAZY_PERSON, "persons", "person_id", "id" },
    { "static_cohort_people", LAZY_PERSON, "persons", "person_id", "id" },
    { "person_distinct_id_overrides", LAZY_PERSON, "persons", "person_id", "id" },
};

const struct table *table_at(size_t i)
{
    return i < ARRAY_LEN(tables) ? &tables[i] : NULL;
}

const struct table *table_named(const char *name)
{
    for (size_t i = 0; i < ARRAY_LEN(tables); i++)
        if (strcmp(tables[i].name, name) == 0)
            return &tables[i];
    return NULL;
}

const struct table *table_find(const str *names, uint32_t n)
{
    if (n == 2 && str_eqz(names[0], "posthog"))
        names++, n--;
    for (size_t i = 0; n == 1 && i < ARRAY_LEN(tables); i++)
        if (str_eqz(names[0], tables[i].name))
            return &tables[i];
    return NULL;
}

const struct table_field *table_field(const struct table *t, str name)
{
    for (size_t i = 0; i < t->fields_n; i++)
        if (str_eqz(name, t->fields[i].name))
            return &t->fields[i];
    return NULL;
}

const struct lazy_join *table_join(const struct table *t, enum lazy lazy)
{
    for (size_t i = 0; i < ARRAY_LEN(joins); i++)
        if (joins[i].lazy == lazy && strcmp(joins[i].table, t->name) == 0)
            return &joins[i];
    return NULL;
}

enum field_kind table_field_kind(const struct table_field *f, enum hogql_persons_mode mode)
{
    bool stored = mode == HOGQL_PERSONS_ON_EVENTS || mode == HOGQL_PERSONS_OVERRIDE_ON_EVENTS;
    return f->kind != FIELD_PERSON ? f->kind : stored ? FIELD_POE : FIELD_LAZY;
}

const struct table *table_poe(void)
{
    return &poe_table;
}

/* -------------------------------------------------------------------------- near misses */

#define NEAR_MAX 64

static unsigned lower(char c)
{
    return (unsigned char)(c >= 'A' && c <= 'Z' ? c | 32 : c);
}

/* Edits between two short names, case ignored. */
static size_t distance(str a, str b)
{
    size_t row[NEAR_MAX + 1];
    for (size_t k = 0; k <= b.n; k++)
        row[k] = k;
    for (size_t i = 1; i <= a.n; i++) {
        size_t corner = row[0];
        row[0] = i;
        for (size_t k = 1; k <= b.n; k++) {
            size_t best = corner + (lower(a.p[i - 1]) != lower(b.p[k - 1]));
            corner = row[k];
            if (row[k] + 1 < best)
                best = row[k] + 1;
            if (row[k - 1] + 1 < best)
                best = row[k - 1] + 1;
            row[k] = best;
        }
    }
    return row[b.n];
}

void nearest_offer(struct nearest *n, str candidate)
{
    if (!n->name.n || n->name.n > NEAR_MAX || candidate.n > NEAR_MAX)
        return;
    size_t d = distance(n->name, candidate), most = n->name.n / 3;
    /* min_timestamp is near timestamp: one holds the other */
    if (n->name.n >= 4 && candidate.n >= 4 &&
        (str_find(n->name, candidate) >= 0 || str_find(candidate, n->name) >= 0))
        d = d < most ? d : most;
    if (d > most || (n->best.p && d >= n->distance))
        return;
    n->best = candidate;
    n->distance = d;
}
