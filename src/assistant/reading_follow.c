/* reading_follow.c - a question that only changes the one before: "and by browser?", "last month
 * instead", "what about purchases?". */
#include "assistant/reading.h"

static void follow_filter(struct reading *before, const struct filter *f)
{
    for (size_t i = 0; i < before->filters_n; i++)
        if (before->filters[i].property == f->property) {
            before->filters[i] = *f;
            return;
        }
    if (before->filters_n < READING_FILTERS)
        before->filters[before->filters_n++] = *f;
}

static bool follow_how(struct reading *before, const struct reading *next)
{
    bool changed = false;
    if (next->math_given) {
        before->math = next->math;
        before->math_given = true;
        if (next->math_property != NO_PROPERTY)
            before->math_property = next->math_property;
        changed = true;
    }
    if (next->people || next->sessions || next->first_time || next->per_person) {
        before->people = next->people;
        before->sessions = next->sessions;
        before->first_time = next->first_time;
        before->per_person = next->per_person;
        changed = true;
    }
    if (next->interval_given || next->over_time) {
        before->interval = next->interval;
        before->interval_given = next->interval_given;
        before->over_time = true;
        before->breakdowns_n = next->breakdowns_n ? before->breakdowns_n : 0;
        changed = true;
    }
    if (next->window) {
        before->window = next->window;
        before->window_unit = next->window_unit;
        changed = true;
    }
    return changed;
}

static bool follow_what(struct reading *before, const struct reading *next)
{
    bool only_people = next->series_n == 1 && next->series[0].event == ANY_EVENT;
    if (!next->series_n || only_people)
        return false;
    if (before->intent == INTENT_FUNNEL && before->series_n > 1)
        before->series[before->series_n - 1] = next->series[0]; /* another end */
    else {
        memcpy(before->series, next->series, sizeof(before->series));
        before->series_n = next->series_n;
    }
    return true;
}

bool reading_follow(struct reading *before, const struct reading *next)
{
    bool changed = follow_what(before, next);
    changed |= follow_how(before, next);
    if (next->when.given) {
        before->when = next->when;
        before->other = next->other;
        changed = true;
    }
    if (next->breakdowns_n) {
        memcpy(before->breakdowns, next->breakdowns, sizeof(before->breakdowns));
        before->breakdowns_n = next->breakdowns_n;
        before->by_event = false;
        if (!next->over_time && !next->interval_given && before->intent == INTENT_TREND)
            before->over_time = false;
        changed = true;
    }
    if (next->order || next->top) {
        before->order = next->order;
        before->top = next->top;
    }
    for (size_t i = 0; i < next->filters_n; i++) {
        follow_filter(before, &next->filters[i]);
        changed = true;
    }
    if (next->compare || next->intent == INTENT_WHY) {
        before->compare = true;
        changed = true;
    }
    if (next->intent == INTENT_WHY) {
        before->intent = INTENT_WHY;
        before->change = next->change;
    }
    before->mended = next->mended;
    return changed;
}
