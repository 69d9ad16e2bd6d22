/* planner.c - fuzzes the reader of questions: question NUL memo NUL results. Whatever they are, there is
 * a plan, its parts are valid text, and memory stays bounded. */
#include <stdint.h>

#include "assistant/planner.h"
#include "base/clock.h"

#define MEMORY_MOST (64u << 20)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

static const struct planner_event events[] = {
    { STR_INIT("$pageview"), 1000 },    { STR_INIT("signed_up"), 100 },
    { STR_INIT("task_completed"), 90 }, { STR_INIT("onboarding_completed"), 80 },
    { STR_INIT("plan_purchased"), 20 }, { STR_INIT("subscription_renewed"), 10 },
    { STR_INIT(""), 3 },                { STR_INIT("camelCase Event-4.0 \xc3\xa4"), 2 },
};
static const uint32_t paying[] = { 4, 5 };
static const struct planner_value values[] = { { STR_INIT("United States"), 9 }, { STR_INIT("Mobile"), 5 },
                                               { STR_INIT("team-planning"), 4 }, { STR_INIT(""), 3 },
                                               { STR_INIT("www.google.com"), 2 }, { STR_INIT("4.0.0"), 1 } };

static int tell(void *context, struct planner_property *const *wanted, size_t n, struct err *e)
{
    (void)context;
    (void)e;
    for (size_t i = 0; i < n; i++) {
        wanted[i]->asked = true;
        wanted[i]->values = values;
        wanted[i]->values_n = ARRAY_LEN(values);
    }
    return 0;
}

static void check(str s)
{
    BUG_ON(s.n && !str_utf8_valid(s));
}

static str part(str *rest)
{
    str s = str_split(rest, '\0');
    return s.p ? s : STR("");
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    struct arena *a _cleanup_(arena_freep) = arena_new();
    struct planner_property properties[] = {
        { .name = STR("$geoip_country_name"), .type = STR("String") },
        { .name = STR("$device_type"), .type = STR("String") },
        { .name = STR("amount"), .type = STR("Numeric"), .events = paying, .events_n = 2 },
        { .name = STR("plan"), .type = STR("String") },
        { .name = STR("plan"), .type = STR("String"), .owner = PLANNER_PERSON },
        { .name = STR("$pathname") }, { .name = STR("email"), .owner = PLANNER_PERSON },
    };
    struct planner_project p = { .events = events, .events_n = ARRAY_LEN(events), .properties = properties,
                                 .properties_n = ARRAY_LEN(properties), .tz = tz_find(STR("UTC")),
                                 .now = 1768910400 * CLOCK_SECOND, .values = tell };
    struct planner_plan plan;
    struct planner_result results[16];
    struct err e = ERR_INIT;
    str rest = { (const char *)data, n };
    str question = part(&rest), memo = part(&rest);
    BUG_ON(planner_read(&p, a, question, memo.n ? memo : STR_NULL, &plan, &e) != 0);
    check(plan.understood);
    check(plan.text);
    check(plan.memo);
    BUG_ON((plan.kind == PLANNER_ANSWER || plan.kind == PLANNER_DASHBOARD) != (plan.insights_n > 0));
    BUG_ON(plan.kind == PLANNER_QUESTION && plan.choices_n < 2);
    BUG_ON(plan.insights_n > ARRAY_LEN(results));
    for (size_t i = 0; i < plan.insights_n; i++) {
        BUG_ON(!json_get_text(plan.insights[i].query, "kind").n);
        results[i] = (struct planner_result){ .results = rest };
    }
    check(planner_word(&p, a, &plan, results));
    BUG_ON(arena_used(a) > MEMORY_MOST);
    return 0;
}
