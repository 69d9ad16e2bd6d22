/* Tests assistant/planner.c: what questions are read as, which are asked back, which refused. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "assistant/planner.h"
#include "base/clock.h"

static const struct planner_event events[] = {
    { STR_INIT("$pageview"), 1000 },          { STR_INIT("signed_up"), 100 },
    { STR_INIT("task_completed"), 90 },       { STR_INIT("onboarding_completed"), 80 },
    { STR_INIT("plan_purchased"), 20 },       { STR_INIT("subscription_renewed"), 10 },
    { STR_INIT("subscription_cancelled"), 5 },
};
static const uint32_t paying[] = { 4, 5 };
static const struct planner_value countries[] = { { STR_INIT("United States"), 9 }, { STR_INIT("Germany"), 5 } };
static const struct planner_value pages[] = { { STR_INIT("/pricing"), 9 }, { STR_INIT("/login"), 5 } };
static const struct planner_value devices[] = { { STR_INIT("Desktop"), 9 }, { STR_INIT("Mobile"), 5 } };

static void project_of(struct planner_project *p, struct planner_property properties[5])
{
    properties[0] = (struct planner_property){ .name = STR("$geoip_country_name"), .type = STR("String"),
                                               .asked = true, .values = countries, .values_n = 2 };
    properties[1] = (struct planner_property){ .name = STR("$device_type"), .type = STR("String"),
                                               .asked = true, .values = devices, .values_n = 2 };
    properties[2] = (struct planner_property){ .name = STR("amount"), .type = STR("Numeric"), .asked = true,
                                               .events = paying, .events_n = 2 };
    properties[3] = (struct planner_property){ .name = STR("plan"), .type = STR("String"), .asked = true };
    properties[4] = (struct planner_property){ .name = STR("$pathname"), .type = STR("String"), .asked = true,
                                               .values = pages, .values_n = 2 };
    *p = (struct planner_project){ .events = events, .events_n = ARRAY_LEN(events), .properties = properties,
                                   .properties_n = 5, .tz = tz_find(STR("UTC")) };
    assert_true(clock_parse(STR("2026-11-25T12:00:00Z"), &p->now)); /* a Wednesday */
}

/* The plan's sentence, or its text when it is none. */
static str read_text(struct arena *a, const char *question, str memo, struct planner_plan *plan)
{
    struct planner_property properties[5];
    struct planner_project p;
    struct err e = ERR_INIT;
    project_of(&p, properties);
    assert_int_equal(planner_read(&p, a, str_of(question), memo, plan, &e), 0);
    return plan->understood.p ? plan->understood : plan->text;
}

static void assert_text(str got, const char *want)
{
    if (!str_eqz(got, want))
        print_message("got:  %.*s\nwant: %s\n", (int)got.n, got.p, want);
    assert_true(str_eqz(got, want));
}

static void questions_are_understood(void **state)
{
    static const struct {
        const char *question, *understood;
    } cases[] = {
        { "How many sign-ups last week?", "`signed_up` events, last week (15 to 21 November 2026)." },
        { "how many people registered in October?",
          "People with `signed_up`, 1 to 31 October 2026." },
        { "how many people signed up from Germany on mobile this month",
          "People with `signed_up` where `$geoip_country_name` is Germany and `$device_type` is Mobile, "
          "this month (1 to 25 November 2026)." },
        { "average amount of purchases by country since Monday",
          "Average of `amount` of `plan_purchased`, by `$geoip_country_name`, since 23 November 2026." },
        { "of those who signed up, how many bought within 7 days, all time",
          "Funnel `signed_up` → `plan_purchased`, within 7 days, all time." },
        { "views of pricing yesterday",
          "`$pageview` events where `$pathname` is /pricing, yesterday (24 November 2026)." },
        { "average price of purchases yesterday",
          "Average of `amount` of `plan_purchased`, yesterday (24 November 2026)." },
        { "people in us yesterday",
          "People with any event where `$geoip_country_name` is United States, yesterday (24 November 2026)." },
        { "show us sign-ups yesterday", "`signed_up` events, yesterday (24 November 2026)." },
        { "singups yesterday",
          "I read “singups” as “signup”. `signed_up` events, yesterday (24 November 2026)." },
    };
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct arena *a _cleanup_(arena_freep) = arena_new();
        struct planner_plan plan;
        assert_text(read_text(a, cases[i].question, STR_NULL, &plan), cases[i].understood);
        assert_int_equal(plan.kind, PLANNER_ANSWER);
    }
}

static void unknown_words_are_refused(void **state)
{
    static const char *const cases[] = { "how many flurbs?", "sign-ups while it rained", "what will we sell next week?",
                                         "", "sign-ups except",
                                         "purchases/sign-ups", "sign-ups vs last week", "plan sign-ups",
                                         "why do people cancel" };
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct arena *a _cleanup_(arena_freep) = arena_new();
        struct planner_plan plan;
        (void)read_text(a, cases[i], STR_NULL, &plan);
        assert_int_equal(plan.kind, PLANNER_REFUSAL);
        assert_true(plan.text.n > 0 && plan.examples_n > 0);
    }
}

static void a_choice_settles_the_doubt(void **state)
{
    struct arena *a _cleanup_(arena_freep) = arena_new();
    struct planner_plan plan, settled;
    (void)state;
    (void)read_text(a, "revenue yesterday", STR_NULL, &plan);
    assert_int_equal(plan.kind, PLANNER_QUESTION);
    assert_int_equal(plan.choices_n, 3);
    assert_text(read_text(a, "the event plan_purchased", plan.memo, &settled),
                "Sum of `amount` of `plan_purchased`, yesterday (24 November 2026).");
    assert_text(read_text(a, "3", plan.memo, &settled),
                "Sum of `amount` of `subscription_renewed`, yesterday (24 November 2026).");
}

/* "pricing" is a page only where the question speaks of pages; elsewhere that is asked. */
static void a_page_is_named_or_asked_for(void **state)
{
    struct arena *a _cleanup_(arena_freep) = arena_new();
    struct planner_plan plan, settled;
    (void)state;
    (void)read_text(a, "purchases from pricing yesterday", STR_NULL, &plan);
    assert_int_equal(plan.kind, PLANNER_QUESTION);
    assert_int_equal(plan.choices_n, 1);
    assert_text(read_text(a, "1", plan.memo, &settled),
                "`plan_purchased` events where `$pathname` is /pricing, yesterday (24 November 2026).");
}

static void a_price_is_not_added_up_unasked(void **state)
{
    struct arena *a _cleanup_(arena_freep) = arena_new();
    struct planner_plan plan, settled;
    (void)state;
    (void)read_text(a, "price of purchases yesterday", STR_NULL, &plan);
    assert_int_equal(plan.kind, PLANNER_QUESTION);
    assert_int_equal(plan.choices_n, 4);
    assert_text(read_text(a, "the highest price", plan.memo, &settled),
                "Maximum of `amount` of `plan_purchased`, yesterday (24 November 2026).");
}

static void a_question_goes_on_with_the_one_before(void **state)
{
    struct arena *a _cleanup_(arena_freep) = arena_new();
    struct planner_plan first, second, third;
    (void)state;
    (void)read_text(a, "how many sign-ups yesterday?", STR_NULL, &first);
    assert_text(read_text(a, "and by country?", first.memo, &second),
                "`signed_up` events, by `$geoip_country_name`, yesterday (24 November 2026).");
    assert_text(read_text(a, "last month instead", second.memo, &third),
                "`signed_up` events, by `$geoip_country_name`, last month (1 to 31 October 2026).");
    assert_text(read_text(a, "how many purchases yesterday?", third.memo, &first),
                "`plan_purchased` events, yesterday (24 November 2026).");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(questions_are_understood),
        cmocka_unit_test(unknown_words_are_refused),
        cmocka_unit_test(a_choice_settles_the_doubt),
        cmocka_unit_test(a_page_is_named_or_asked_for),
        cmocka_unit_test(a_price_is_not_added_up_unasked),
        cmocka_unit_test(a_question_goes_on_with_the_one_before),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
